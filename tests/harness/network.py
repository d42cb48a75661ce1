"""The network between the parts of a cluster, with faults on request; see `proxy` for what they mean."""

import json
import socket
import sys
from pathlib import Path

from .paths import TESTS
from .process import Process, accepts, free_port
from .wait import until

Pairs = list[tuple[str, str]]


def both_ways(a: str, b: str) -> Pairs:
    return [(a, b), (b, a)]


class Network:
    """A running proxy."""

    def __init__(self, directory: Path):
        port = free_port()
        self.process = Process([sys.executable, "-m", "harness.proxy", port], directory / "proxy.log", env={"PYTHONPATH": str(TESTS)})
        until("the proxy accepts connections", lambda: accepts(port), 30)
        self.control = socket.create_connection(("127.0.0.1", port), timeout=30).makefile("rw")

    def route(self, source: str | None, to: str, target: int) -> int:
        """A port that leads to `target` as soon as that accepts connections. Without a source, `pid` tells who comes from where."""
        listen = free_port()
        self._do("route", listen=listen, target=target, source=source, to=to)
        return listen

    def pid(self, node: str, pid: int) -> None:
        """The node's process, from now on."""
        self._do("pid", node=node, pid=pid)

    def cut(self, pairs: Pairs) -> None:
        """Nothing arrives from the first of each pair at the second."""
        self._do("cut", pairs=pairs)

    def delay(self, pairs: Pairs, seconds: float) -> None:
        self._do("delay", pairs=pairs, seconds=seconds)

    def reset(self, pairs: Pairs) -> None:
        """Connections between the nodes of each pair break."""
        self._do("reset", pairs=pairs)

    def heal(self) -> None:
        """What was cut or delayed is no longer, and what was under way arrives."""
        self._do("heal")

    def _do(self, command: str, **order) -> None:
        print(json.dumps({"do": command, **order}), file=self.control, flush=True)
        answer = self.control.readline().strip()
        assert answer == "ok", f"{command}: {answer}"
