"""RabbitMQ as Debian packages it: nodes that are one cluster, each with its own name, ports and directory, on loopback."""

import os
import shutil
import subprocess
from pathlib import Path

from .paths import TOOLS
from .process import Process, accepts, free_port
from .wait import until

HOME = TOOLS / "rabbitmq"
ERLANG = HOME / "usr" / "lib" / "erlang"


def version() -> str:
    """Debian's version of the package."""
    return (HOME / "version").read_text().strip()


def erlang() -> str:
    """The release of Erlang/OTP."""
    return max((ERLANG / "releases").glob("*/OTP_VERSION")).read_text().strip()


def rabbitmqctl() -> Path:
    return _scripts() / "rabbitmqctl"


def _scripts() -> Path:
    found = sorted((HOME / "usr" / "lib" / "rabbitmq" / "lib").glob("rabbitmq_server-*/sbin"))
    assert found, "no RabbitMQ: run `make rabbitmq`"
    return found[-1]


class RabbitMqNode:
    """One node. Its settings are RabbitMQ's own but for names, places and ports; no plugin is enabled."""

    def __init__(self, directory: Path, name: str, epmd: int, members: list[str]):
        self.directory, self.name = directory, name
        self.port, self.distribution = free_port(), free_port()
        self.address = f"127.0.0.1:{self.port}"
        directory.mkdir(parents=True, exist_ok=True)
        config, plugins, cookie = directory / "rabbitmq.conf", directory / "enabled_plugins", directory / ".erlang.cookie"
        config.write_text("".join([
            f"listeners.tcp.default = {self.address}\n",
            "cluster_formation.peer_discovery_backend = classic_config\n",
            *(f"cluster_formation.classic_config.nodes.{n} = {member}\n" for n, member in enumerate(members, 1)),
        ]))
        plugins.write_text("[].\n")
        cookie.write_text("eskerbenchmark")
        cookie.chmod(0o400)
        self.environment = {
            "PATH": f"{ERLANG}/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(directory),
            "ERL_EPMD_PORT": str(epmd),
            "RABBITMQ_CONF_ENV_FILE": str(directory / "none"),
            "RABBITMQ_NODENAME": name,
            "RABBITMQ_DIST_PORT": str(self.distribution),
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_LOG_BASE": str(directory / "logs"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_CRASH_DUMP": str(directory / "erl_crash.dump"),
            # The script becomes the virtual machine and does not start it as a child.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
        self.process: Process | None = None

    def launch(self) -> None:
        """Starts it."""
        self.process = Process([_scripts() / "rabbitmq-server"], self.directory / "rabbitmq.log", self.environment)

    def ctl(self, *args, timeout: float = 60) -> str:
        """`rabbitmqctl`; a failure raises with what it said."""
        done = subprocess.run([rabbitmqctl(), "-n", self.name, "--quiet", *args], env={**os.environ, **self.environment},
                              capture_output=True, text=True, timeout=timeout)
        assert done.returncode == 0, f"rabbitmqctl {' '.join(args)}: {done.stdout}\n{done.stderr}"
        return done.stdout


class RabbitMqCluster:
    """Nodes 1 to N in the form of the other clusters. A node that is there waits for nobody."""

    def __init__(self, directory: Path, nodes: int = 3):
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.epmd_port = free_port()
        names = [f"rabbit{number}@localhost" for number in range(1, nodes + 1)]
        self.brokers = {number: RabbitMqNode(directory / f"node-{number}", name, self.epmd_port, names) for number, name in enumerate(names, 1)}

    def start(self) -> "RabbitMqCluster":
        """All nodes, until each is in the cluster and takes connections."""
        self.epmd = Process([ERLANG / "bin" / "epmd", "-port", self.epmd_port, "-address", "127.0.0.1"], self.directory / "epmd.log")
        until("epmd accepts connections", lambda: accepts(self.epmd_port), 30)
        for node in self.brokers.values():
            node.launch()
        for node in self.brokers.values():
            until(f"{node.name} accepts connections", lambda node=node: self._alive(node) and accepts(node.port), 180, interval=0.2)
        running = self.brokers[1].ctl("eval", "length(rabbit_nodes:all_running()).").strip()
        assert running == str(len(self.brokers)), f"{running} of {len(self.brokers)} nodes are in the cluster"
        return self

    def end(self) -> None:
        """Ends everything. What it wrote stays."""
        for node in self.brokers.values():
            if node.process and node.process.alive():
                node.process.kill()
        if self.epmd.alive():
            self.epmd.kill()

    def remove(self) -> None:
        self.end()
        shutil.rmtree(self.directory, ignore_errors=True)

    @staticmethod
    def _alive(node: RabbitMqNode) -> bool:
        assert node.process.alive(), f"RabbitMQ exited:\n{node.process.log_tail()}"
        return True
