"""An Esker broker: one process on a data directory, configured by a file the harness writes."""

import contextlib
import json
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from .paths import binary
from .process import Process, free_port
from .wait import until

TEST_SETTINGS = {
    "kafka.group_initial_rebalance_delay_ms": 0,
    "kafka.group_min_session_timeout_ms": 1000,
    "kafka.offsets_topic_num_partitions": 8,
    "kafka.log_retention_check_interval_ms": 1000,
    "kafka.transaction_state_log_num_partitions": 8,
    "kafka.transaction_abort_timed_out_transaction_cleanup_interval_ms": 500,
}


class EskerBroker:
    """`esker broker` with embedded metadata; the object store is a directory unless settings name another. `under`: a command that
    becomes the one behind it, as `env` and `setpriv` do."""

    def __init__(self, directory: Path, settings: dict | None = None, tuned: bool = True, under: tuple[str, ...] = ()):
        self.directory, self.under = directory, under
        self.data = directory / "data"
        self.port, self.http_port, self.api_port = free_port(), free_port(), free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.config = directory / "esker.toml"
        directory.mkdir(parents=True, exist_ok=True)
        self.settings = {
            "node.id": 0,  # kafka-python's suite assigns replicas to broker 0
            "node.data_dir": str(self.data),
            "listeners.kafka": self.bootstrap,
            "listeners.http": f"127.0.0.1:{self.http_port}",
            "listeners.api": f"127.0.0.1:{self.api_port}",
            **(TEST_SETTINGS if tuned else {}),
            **(settings or {}),
        }
        self.process: Process | None = None

    def prepare(self) -> "EskerBroker":
        """A first start needs nothing."""
        return self

    def start(self, timeout: float = 60) -> "EskerBroker":
        """Starts it and waits until it says it is ready."""
        self.launch()
        return self.await_ready(timeout)

    def launch(self) -> None:
        """Starts it."""
        write_toml(self.config, self.settings)
        self.process = Process([*self.under, binary("esker"), "broker", "--config", self.config], self.directory / "esker.log")

    def await_ready(self, timeout: float) -> "EskerBroker":
        until("Esker is ready", lambda: self._check_alive() and self.ready(), timeout, interval=0.02)
        return self

    def stop(self, timeout: float = 60) -> None:
        """A graceful stop, which must succeed: it has uploaded everything."""
        if self.process and self.process.alive():
            code = self.process.stop(timeout)
            assert code == 0, f"exit code {code}:\n{self.process.log_tail()}"

    def kill(self) -> None:
        self.process.kill()

    def remove(self) -> None:
        """Stops it and deletes what it stored."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def forget_log(self) -> None:
        """Deletes the write-ahead log and the cache of a stopped broker."""
        assert not self.process.alive()
        shutil.rmtree(self.data / "store")
        shutil.rmtree(self.data / "cache", ignore_errors=True)

    def ready(self) -> bool:
        try:
            return self.http("/readyz") is not None
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def http(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=5) as response:
            return response.read().decode()

    def flush(self) -> None:
        """Uploads what is in the log alone. A broker that is not serving has nothing of its own to upload."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}/admin/flush", method="POST")
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(request, timeout=60).close()

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels; 0 when it was never set."""
        lines = (line for line in self.http("/metrics").splitlines() if line.startswith((f"{name} ", f"{name}{{")))
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def cli(self, *args, stdin: bytes | None = None, timeout: float = 120) -> bytes:
        """Runs the command line tool; a failure raises with its error text."""
        done = subprocess.run([binary("esker"), *map(str, args)], input=stdin, capture_output=True, timeout=timeout)
        assert done.returncode == 0, f"esker {' '.join(map(str, args))}: {done.returncode}\n{done.stderr.decode()}"
        return done.stdout

    def verify_archive(self, timeout: float = 600) -> dict:
        """`esker archive verify`: what the object store holds, every byte checked."""
        return json.loads(self.cli("archive", "verify", "--config", self.config, "--output", "json", timeout=timeout))

    def panics(self) -> list[str]:
        return [line for line in self.process.log_text().splitlines() if "panicked at" in line]

    def _check_alive(self) -> bool:
        assert self.process.alive(), f"Esker exited:\n{self.process.log_tail()}"
        return True


def write_toml(path: Path, settings: dict) -> None:
    """A configuration file of settings, each named section.key."""
    sections: dict[str, list[str]] = {}
    for name, value in settings.items():
        section, key = name.split(".", 1)
        sections.setdefault(section, []).append(f"{json.dumps(key)} = {json.dumps(value)}")
    text = "".join(f"[{name}]\n" + "\n".join(lines) + "\n\n" for name, lines in sections.items())
    path.write_text(text)
