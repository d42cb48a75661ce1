"""The harness itself: the proxy's faults, and the judgement on consumer groups, on histories with one thing wrong."""

import contextlib
import errno
import os
import socket
import threading
import time

import pytest

from groups import check_group
from harness.network import Network, both_ways
from harness.process import free_port
from harness.wait import until


class Echo:
    """Answers what it is sent, and remembers it."""

    def __init__(self):
        self.port, self.heard = free_port(), b""
        self.socket = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection):
        with connection, contextlib.suppress(ConnectionResetError):  # which is what a fault may do
            while data := connection.recv(1 << 16):
                self.heard += data
                connection.sendall(data)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@pytest.fixture
def network(tmp_path):
    network = Network(tmp_path)
    yield network
    network.process.kill()


@pytest.fixture
def echo():
    echo = Echo()
    yield echo
    echo.socket.close()


def connect(port: int) -> socket.socket:
    def connected():
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        except ConnectionRefusedError:
            return None
    return until("the route is there", connected, 5)


def answers(connection: socket.socket, data: bytes, patience: float = 0.3) -> bool:
    connection.sendall(data)
    return hears(connection, data, patience)


def hears(connection: socket.socket, data: bytes, patience: float = 5) -> bool:
    connection.settimeout(patience)
    got = b""
    try:
        while len(got) < len(data):
            chunk = connection.recv(1 << 20)
            if not chunk:
                return False
            got += chunk
    except TimeoutError:
        return False
    return got == data


def test_it_passes_everything(network, echo):
    client = connect(network.route("a", "b", echo.port))
    data = bytes(range(256)) * 8_000
    threading.Thread(target=client.sendall, args=(data,), daemon=True).start()
    assert hears(client, data)


def test_a_delay_keeps_the_order(network, echo):
    client = connect(network.route("a", "b", echo.port))
    network.delay([("a", "b")], 0.2)
    at = time.monotonic()
    assert answers(client, b"one", 5) and time.monotonic() - at >= 0.2
    network.delay([("b", "a")], 0.1)
    at = time.monotonic()
    client.sendall(b"two")
    client.sendall(b"three")
    assert hears(client, b"twothree") and time.monotonic() - at >= 0.3


def test_a_cut_in_one_direction(network, echo):
    client = connect(network.route("a", "b", echo.port))
    assert answers(client, b"it ", 5)
    network.cut([("b", "a")])
    assert not answers(client, b"heard")
    assert echo.heard == b"it heard"
    network.heal()
    assert hears(client, b"heard")
    network.cut([("a", "b")])
    assert not answers(client, b", held")
    assert echo.heard == b"it heard"
    client.close()
    network.heal()
    until("it arrives although the sender has gone", lambda: echo.heard == b"it heard, held", 5)


def test_connections_hang_in_a_cut_and_break_in_a_reset(network, echo):
    port = network.route("a", "b", echo.port)
    connect(port).close()
    network.cut(both_ways("a", "b"))
    client = connect(port)
    assert not answers(client, b"x")
    network.reset([("a", "b")])
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    network.heal()
    assert answers(connect(port), b"y", 5) and b"x" not in echo.heard


def test_a_dead_target_refuses(network, echo):
    port = network.route("a", "b", echo.port)
    connect(port).close()
    echo.close()

    # The first that come are what it notices by: they may be let in and reset.
    def refused():
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED
    until("nobody listens", refused, 5)


def test_the_source_is_found(network, echo):
    network.pid("me", os.getpid())
    port = network.route(None, "b", echo.port)
    assert answers(connect(port), b"1", 5)
    network.cut([("me", "b")])
    assert not answers(connect(port), b"2")


def group_history():
    """Two members; the second takes over at a committed offset."""
    records = [[("k", n) for n in range(6)]]
    lines = ["a m 0 0", *(f"r m 0 {n} k {n}" for n in range(3)), "c m 0 2", "a n 0 2", *(f"r n 0 {n} k {n}" for n in range(2, 6)), "c n 0 6"]
    return lines, records, [6]


def test_a_clean_group_passes():
    found = check_group(*group_history())
    assert (found.consumed, found.redelivered, found.notes) == (6, 1, 0)


@pytest.mark.parametrize("damage", [
    lambda lines, records, offsets: lines.pop(-2),  # the last record was never given
    lambda lines, records, offsets: lines.__delitem__(2),  # skipped
    lambda lines, records, offsets: lines.__setitem__(slice(5, 7), ["a n 0 1", "r n 0 1 k 1", "r n 0 2 k 2"]),  # a commit was lost
    lambda lines, records, offsets: lines.__setitem__(5, "a n 0 4"),  # begins beyond what was read
    lambda lines, records, offsets: lines.__setitem__(8, "r n 0 4 k 3"),  # something else is there
    lambda lines, records, offsets: lines.insert(3, "e m out of range"),
    lambda lines, records, offsets: lines.insert(1, "c m 0 1"),  # committed before it was read
    lambda lines, records, offsets: offsets.__setitem__(0, 5),  # the last commit is not there
    lambda lines, records, offsets: records[0].append(("k", 6)),  # stored, and never given
    lambda lines, records, offsets: lines.insert(3, "r m 0 0 k 0"),  # repeated without a new assignment
])
def test_damage_to_a_group_is_noticed(damage):
    history = group_history()
    damage(*history)
    with pytest.raises(AssertionError):
        check_group(*history)
