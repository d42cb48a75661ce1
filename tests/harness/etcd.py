"""One etcd, the version that the metadata store is tested with."""

import base64
import json
import urllib.request
from pathlib import Path

from .paths import TOOLS
from .process import Process, accepts, free_port
from .wait import until


def etcd_binary() -> Path:
    """What `make etcd` built."""
    found = sorted(TOOLS.glob("etcd-*/etcd"))
    assert found, "no etcd: run `make etcd`"
    return found[-1]


class Etcd:
    """A running member on a directory of its own."""

    def __init__(self, directory: Path, host: str = "127.0.0.1"):
        self.directory, self.host, self.port, self.peer_port = directory, host, free_port(), free_port()
        self.start()

    def start(self) -> None:
        client, peer = f"http://{self.host}:{self.port}", f"http://127.0.0.1:{self.peer_port}"
        self.process = Process(
            [etcd_binary(), "--name", "m", "--data-dir", self.directory / "etcd", "--log-level", "warn",
             "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
             "--initial-advertise-peer-urls", peer, "--initial-cluster", f"m={peer}"],
            self.directory / "etcd.log")
        until("etcd accepts connections", lambda: accepts(self.port, self.host), 60)

    def url(self, cluster: str = "test", port: int | None = None) -> str:
        """Where brokers find it; `port` when they are to come through a proxy."""
        return f"etcd://{self.host}:{port or self.port}/{cluster}"

    def stop(self) -> None:
        self.process.stop()


def keys(host: str, port: int) -> list[str]:
    """All that a member has."""
    everything = json.dumps({"key": "AA==", "range_end": "AA==", "keys_only": True}).encode()
    with urllib.request.urlopen(f"http://{host}:{port}/v3/kv/range", everything, timeout=10) as answer:
        return [base64.b64decode(found["key"]).decode() for found in json.load(answer).get("kvs", [])]
