"""Hostile clients. Memory stays inside what is configured, everybody else is served, nothing panics."""

import random
import resource
import socket
import struct
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from bystander import Bystander
from harness.esker import EskerBroker
from harness.kafka import KafkaBroker
from harness.wait import until
from harness.wire import Connection, batch, fetch, frame, lying_counts, nonsense, produce, produce_error, request

MIB = 1 << 20
LIMITS = {
    "limits.tail_bytes": 32 * MIB,
    "limits.request_bytes_per_connection": 16 * MIB,
    "limits.request_bytes_total": 64 * MIB,
    "limits.socket_request_max_bytes": 16 * MIB,
    "archive.cache_memory_bytes": 16 * MIB,
}
# What the limits do not count: code, stacks, allocator slack, 10,000 connections, the offload in flight.
BASE = 200 * MIB
BUDGET = sum(LIMITS[k] for k in ("limits.tail_bytes", "limits.request_bytes_total", "archive.cache_memory_bytes")) + BASE
IDLE = 10_000
TOPIC, FAT = "bystander", "fat"


@pytest.fixture(scope="module")
def target(broker_kind, tmp_path_factory):
    """One broker for all attacks; at the end it is alive, has not panicked, and never left its budget."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    directory = tmp_path_factory.mktemp(broker_kind)
    if broker_kind == "kafka":
        broker = KafkaBroker(directory, {"socket.request.max.bytes": 16 * MIB}).start()
    else:
        broker = EskerBroker(directory, LIMITS).start()
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    for future in admin.create_topics([NewTopic(TOPIC, 1, 1), NewTopic(FAT, 4, 1)]).values():
        future.result(30)
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for topic in (TOPIC, FAT):  # a new topic may take a moment to find its leader
        producer.produce(topic, b"first", partition=0)
    assert producer.flush(30) == 0
    yield broker
    assert broker.process.alive()
    broker.remove()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def attack(target):
    """Runs a test as an attack that a bystander must not notice."""
    with Bystander(target.bootstrap, TOPIC):
        yield target.port
    assert target.process.alive(), target.process.log_tail()
    if isinstance(target, EskerBroker):
        peak = target.process.peak_rss()
        print(f"{peak / MIB:.0f} MiB resident at the peak")
        assert peak < BUDGET, f"{peak / MIB:.0f} MiB resident at the peak, {BUDGET / MIB:.0f} MiB allowed"
        assert not target.panics(), target.panics()


def test_random_bytes(attack):
    rng = random.Random(1)
    for _ in range(300):
        with Connection(attack) as connection:
            connection.send(rng.randbytes(rng.randrange(1, 20_000)))


def test_random_requests(attack):
    for data in nonsense(seed=2, count=2000):
        with Connection(attack) as connection:
            connection.send(data)


def test_truncated_frames(attack):
    whole = produce(TOPIC + "-none", 0, batch([b"value"] * 3))
    for length in range(len(whole)):
        with Connection(attack) as connection:
            connection.send(whole[:length])
    # Cut short, but framed as if that were all.
    for length in range(8, len(whole) - 4):
        with Connection(attack) as connection:
            connection.send(frame(whole[4:4 + length]))


@pytest.mark.parametrize("length", [-1, -(1 << 31), (1 << 31) - 1, 17 * MIB])
def test_impossible_frame_lengths_close_the_connection(attack, length):
    with Connection(attack) as connection:
        assert connection.send(struct.pack(">i", length) + bytes(1000)).closed_by_peer()


@pytest.mark.parametrize("length", [0, 1, 3, 7])
def test_frames_too_short_for_a_header_close_the_connection(attack, length):
    with Connection(attack) as connection:
        assert connection.send(frame(bytes(length))).closed_by_peer()


def test_counts_that_the_bytes_cannot_hold(attack):
    for data in lying_counts():
        with Connection(attack) as connection:
            connection.send(data).send(request(3, 0, struct.pack(">i", 0)))


@pytest.mark.parametrize("pause", [None, 0.2], ids=["stalled", "trickling"])
def test_frames_that_never_end(attack, broker_kind, pause):
    """Many connections announce large requests and stop halfway, or go on a little at a time."""
    if broker_kind == "kafka":
        pytest.skip("Kafka allocates what is announced: its heap ends before the attack does")
    stop, connections = threading.Event(), []

    def announce(held):
        connection = held.enter_context(Connection(attack))
        connection.socket.settimeout(0.05)
        try:  # a Produce request of version 9, as far as it goes
            connection.socket.sendall(struct.pack(">ihh", 15 * MIB, 0, 9) + bytes(8 * MIB))
        except (TimeoutError, ConnectionError):
            pass  # the broker reads no further, or has hung up: both are right
        connections.append(connection)

    def trickle():
        while not stop.wait(pause):
            for connection in connections:
                with suppress(TimeoutError):
                    connection.send(b"\0")

    with ExitStack() as held:
        for _ in range(64):
            announce(held)
        if pause:
            thread = threading.Thread(target=trickle, daemon=True)
            thread.start()
            held.callback(thread.join)
            held.callback(stop.set)
        with Bystander(f"127.0.0.1:{attack}", FAT, patience=20):
            producer = Producer({"bootstrap.servers": f"127.0.0.1:{attack}", "message.timeout.ms": 30_000})
            errors = []
            for _ in range(10):  # large enough to have no memory set aside for them
                producer.produce(FAT, bytes(900_000), partition=1, on_delivery=lambda error, _: error and errors.append(error))
            assert producer.flush(40) == 0 and not errors, errors


CORRUPT = 2


def _damaged():
    """Batches no broker may take: what is wrong, the bytes, the error code where clients rely on one.
    Positions are those of the batch header of message format 2."""
    good = batch([b"value-%d" % i for i in range(10)])

    def at(position, layout, value):
        bad = bytearray(good)
        struct.pack_into(layout, bad, position, value)
        return bad

    flipped = bytearray(good)
    flipped[-1] ^= 1
    return [
        ("flipped bit", flipped, CORRUPT),
        ("wrong crc", at(17, ">I", 12345), CORRUPT),
        ("unknown magic", at(16, ">b", 9), None),
        ("length beyond the request", at(8, ">i", 1 << 30), None),
        ("negative length", at(8, ">i", -5), None),
        ("length below the header", at(8, ">i", 10), None),
        ("cut", good[:-7], None),
        ("cut in the header", good[:40], None),
        ("two batches", good + good, None),
        ("empty", bytearray(), None),
    ]


@pytest.mark.parametrize(("what", "records", "code"), _damaged(), ids=[what for what, *_ in _damaged()])
def test_damaged_batches_are_refused(attack, what, records, code):
    with Connection(attack) as connection:
        connection.send(produce(TOPIC, 0, records))
        try:
            error = produce_error(connection.answer(), TOPIC)
        except ConnectionError:  # hanging up is an answer too, where no error code is asked for
            error = None
        assert error == code if code else error != 0


def test_idle_connections(attack, target):
    before = target.process.rss()
    with ExitStack() as held:
        for i in range(IDLE):
            connection = socket.create_connection(("127.0.0.1", attack), timeout=30)
            held.callback(connection.close)
            if i % 3 == 1:
                connection.sendall(b"\0\0")  # half a length
            elif i % 3 == 2:
                connection.sendall(request(18, 0, b""))  # a client that said hello once
        with Bystander(f"127.0.0.1:{attack}", FAT):
            pass
        print(f"{IDLE} idle connections: {(target.process.rss() - before) / IDLE / 1024:.1f} KiB each")


def test_a_client_that_never_reads(attack, target):
    producer = Producer({"bootstrap.servers": target.bootstrap, "linger.ms": 20})
    for i in range(40):
        producer.produce(FAT, random.Random(i).randbytes(900_000), partition=i % 4)
        producer.poll(0)
    assert producer.flush(60) == 0
    with ExitStack() as held:
        for _ in range(20):
            connection = held.enter_context(Connection(attack))
            connection.socket.settimeout(0.5)
            try:
                for correlation in range(200):
                    connection.socket.sendall(fetch(FAT, 4, 9_000_000, correlation))
            except (TimeoutError, ConnectionError):
                pass
        with Bystander(f"127.0.0.1:{attack}", FAT):
            pass


def test_connections_are_given_back(target):
    """After all of it the broker holds no descriptor for those who left."""
    descriptors = Path(f"/proc/{target.process.pid}/fd")
    until("descriptors are closed", lambda: len(list(descriptors.iterdir())) < 1000, 60)
