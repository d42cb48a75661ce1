"""A TCP proxy between nodes of a test: passes bytes on, late or not at all, in either direction.

A program of its own, so that the tests' threads do not slow it down: `python -m harness.proxy PORT` takes commands on PORT, one
JSON document per line, each answered by `ok` or a reason. A route is a listening port in front of a target; its two ends have names.
What travels from node `a` to node `b` obeys the rule (a, b):

- cut: nothing arrives any more. Bytes under way are kept and arrive after the cut, even if who sent them has hung up meanwhile:
  that is what TCP makes of a lost packet. A connection attempt hangs.
- delay: everything arrives so many seconds later, in order.

A target that refuses connections is refused on the route too, as if nothing were in between: the listening socket goes away
until the target is back. Where all sources share one address, who connects is found in /proc, by the owner of the socket.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
import sys
from collections import deque
from pathlib import Path

HELD = 1 << 20  # bytes that a direction keeps before it stops reading
TARGET_EVERY = 0.02  # between two looks at a target that is away


class Network:
    """The rules, the routes, and every open connection."""

    def __init__(self):
        self.cuts: set[tuple[str, str]] = set()
        self.delays: dict[tuple[str, str], float] = {}
        self.pids: dict[str, int] = {}
        self.links: set[Link] = set()
        self.changed = asyncio.Event()

    def changes(self) -> None:
        """The rules are others now."""
        self.changed.set()
        self.changed = asyncio.Event()
        for link in list(self.links):
            link.up.pump()
            link.down.pump()
            link.forget()

    async def passable(self, a: str, b: str) -> None:
        """Returns once bytes travel both ways."""
        while (a, b) in self.cuts or (b, a) in self.cuts:
            await self.changed.wait()

    def owner(self, port: int) -> str:
        """The node whose process has the socket with this local port; `?` for others."""
        inode = next((fields[9] for fields in map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
                      if int(fields[1].rpartition(":")[2], 16) == port and fields[9] != "0"), None)
        for node, pid in self.pids.items():
            with contextlib.suppress(OSError):
                for descriptor in os.listdir(f"/proc/{pid}/fd"):
                    with contextlib.suppress(OSError):
                        if os.readlink(f"/proc/{pid}/fd/{descriptor}") == f"socket:[{inode}]":
                            return node
        return "?"


class Pipe:
    """One direction of a connection."""

    def __init__(self, network: Network, rule: tuple[str, str]):
        self.network, self.rule = network, rule
        self.source: asyncio.Transport | None = None
        self.sink: asyncio.Transport | None = None
        self.queue: deque[tuple[float, bytes | None]] = deque()  # None: the sender has hung up
        self.held, self.full, self.timer = 0, False, None
        self.loop = asyncio.get_running_loop()

    def feed(self, data: bytes | None) -> None:
        self.queue.append((self.loop.time() + self.network.delays.get(self.rule, 0), data))
        self.held += len(data or b"")
        self.pump()

    def pump(self) -> None:
        """Passes on what is due."""
        now = self.loop.time()
        while self.queue and self.sink and self.rule not in self.network.cuts and self.queue[0][0] <= now:
            data = self.queue.popleft()[1]
            if data is None:
                self.sink.close()  # after what it still has to write
                return
            self.held -= len(data)
            if not self.sink.is_closing():
                self.sink.write(data)
        if self.queue and self.rule not in self.network.cuts and self.timer is None and self.queue[0][0] > now:
            self.timer = self.loop.call_at(self.queue[0][0], self._due)
        self.throttle()

    def _due(self) -> None:
        self.timer = None
        self.pump()

    def throttle(self) -> None:
        if self.source and not self.source.is_closing():
            (self.source.pause_reading if self.full or self.held > HELD else self.source.resume_reading)()


class End(asyncio.Protocol):
    """One of a connection's two sockets."""

    def __init__(self, link: "Link", out: Pipe, back: Pipe):
        self.link, self.out, self.back = link, out, back

    def connection_made(self, transport):
        self.out.source = self.back.sink = transport
        self.link.opened(self)

    def data_received(self, data):
        self.out.feed(data)

    def pause_writing(self):
        self.back.full = True
        self.back.throttle()

    def resume_writing(self):
        self.back.full = False
        self.back.throttle()

    def connection_lost(self, why):
        self.out.source = None
        self.out.feed(None)
        self.link.closed(self)


class Link:
    """A connection from `client` to the target of a route."""

    def __init__(self, network: Network, route: "Route"):
        self.network, self.route, self.client, self.open = network, route, route.source, 0
        self.up, self.down = Pipe(network, ("?", route.to)), Pipe(network, (route.to, "?"))

    def opened(self, end: End) -> None:
        self.open += 1
        self.network.links.add(self)
        if end.out is self.up:
            port = end.out.source.get_extra_info("peername")[1]
            self.client = self.client or self.network.owner(port)
            self.up.rule, self.down.rule = (self.client, self.route.to), (self.route.to, self.client)
            self.task = asyncio.ensure_future(self._connect())
        else:
            self.up.pump()

    async def _connect(self) -> None:
        await self.network.passable(self.client, self.route.to)
        try:
            await asyncio.get_running_loop().create_connection(lambda: End(self, self.down, self.up), "127.0.0.1", self.route.target)
        except OSError:
            self.abort()
            self.route.look()

    def closed(self, end: End) -> None:
        self.open -= 1
        if end.out is self.down:
            self.up.queue.clear()
            self.route.look()
        self.forget()

    def forget(self) -> None:
        if not self.open and not self.up.queue:
            self.network.links.discard(self)

    def abort(self) -> None:
        """A reset, in both directions."""
        self.task.cancel()
        for transport in (self.up.source, self.down.source):
            if transport:
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                transport.abort()
        self.up.queue.clear()
        self.down.queue.clear()
        self.network.links.discard(self)


class Route:
    """A listening port in front of a target."""

    def __init__(self, network: Network, listen: int, target: int, source: str | None, to: str):
        self.network, self.listen, self.target, self.source, self.to = network, listen, target, source, to
        self.server, self.looking = None, None

    def look(self) -> None:
        """Finds out whether the target is there, and listens exactly while it is."""
        if not self.looking or self.looking.done():
            self.looking = asyncio.ensure_future(self._follow())

    async def _follow(self) -> None:
        while not await self._accepts():
            if self.server:
                self.server.close()
                self.server = None
            await asyncio.sleep(TARGET_EVERY)
        if not self.server:
            def accepted() -> End:
                link = Link(self.network, self)
                return End(link, link.up, link.down)
            self.server = await asyncio.get_running_loop().create_server(accepted, "127.0.0.1", self.listen, reuse_address=True)

    async def _accepts(self) -> bool:
        """A frozen target does: its kernel answers."""
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.target)
            writer.close()
            return True
        except OSError:
            return False


def obey(network: Network, order: dict) -> None:
    """Carries out one command."""
    match order.pop("do"):
        case "route":
            Route(network, **order).look()
        case "pid":
            network.pids[order["node"]] = order["pid"]
        case "cut":
            network.cuts |= {tuple(pair) for pair in order["pairs"]}
        case "delay":
            network.delays |= {tuple(pair): order["seconds"] for pair in order["pairs"]}
        case "heal":
            network.cuts.clear()
            network.delays.clear()
        case "reset":
            pairs = {tuple(pair) for pair in order["pairs"]}
            for link in [link for link in network.links if link.up.rule in pairs or link.down.rule in pairs]:
                link.abort()
        case other:
            raise ValueError(f"unknown command {other!r}")
    network.changes()


async def main(port: int) -> None:
    network = Network()

    async def control(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            try:
                obey(network, json.loads(line))
                writer.write(b"ok\n")
            except Exception as error:  # told to whoever asked
                writer.write(f"{error!r}\n".encode())
        writer.close()

    server = await asyncio.start_server(control, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
