"""Streams go on while the brokers behind them die, stop and come back: nothing is lost, and nothing is there twice."""

import random
import threading
import uuid

import pytest
from streams import Consuming, Producing, of_status, reason

from harness.cluster import EskerCluster
from harness.strikes import brokers_die
from harness.wait import until

PARTITIONS, IN_FLIGHT = 8, 200


@pytest.fixture
def cluster(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("only Esker has this API")
    cluster = EskerCluster(tmp_path / "cluster", settings={"archive.flush_interval_ms": 8_000, "archive.trim_delay_ms": 3_000})
    cluster.start()
    yield cluster
    panics = cluster.panics()
    cluster.end()
    assert not panics


class Writer(threading.Thread):
    """Writes numbered records to all partitions by one stream, until it is told to stop."""

    def __init__(self, pb, stub, topic: str, idempotent: bool):
        super().__init__(daemon=True)
        self.stream = Producing(pb, stub, timeout=300, idempotent=idempotent)
        self.topic, self.idempotent, self.stopping, self.failure = topic, idempotent, threading.Event(), None
        self.acked = {partition: [] for partition in range(PARTITIONS)}
        self.unknown = {partition: set() for partition in range(PARTITIONS)}
        self.sent = self.answered = 0
        self.start()

    def run(self) -> None:
        try:
            while not self.stopping.is_set() or self.answered < self.sent:
                if not self.stopping.is_set() and self.sent - self.answered < IN_FLIGHT:
                    self.send(self.sent % PARTITIONS, self.sent // PARTITIONS)
                    self.sent += 1
                    continue
                self.take(self.stream.ack())
                self.answered += 1
            self.stream.close()
        except BaseException as failure:  # noqa: BLE001  told by whoever waits
            self.failure = failure

    def send(self, partition: int, number: int) -> None:
        numbered = {"sequence": number} if self.idempotent else {}
        self.stream.send(number, self.topic, [b"%d" % number], partition=partition, **numbered)

    def take(self, ack) -> None:
        if ack.HasField("written"):
            self.acked[ack.partition].append((ack.id, ack.written.first_offset))
            return
        assert not self.idempotent and reason(ack.error) == "OUTCOME_UNKNOWN", of_status(ack.error)
        self.unknown[ack.partition].add(ack.id)

    def progress(self) -> int:
        assert self.failure is None, self.failure
        return sum(map(len, self.acked.values()))

    def finish(self) -> int:
        """How many were answered as written."""
        self.stopping.set()
        self.join(120)
        assert not self.is_alive() and self.failure is None, self.failure
        return self.progress()


@pytest.mark.parametrize("idempotent", [True, False], ids=["idempotent", "plain"])
def test_streams_survive_the_brokers_behind_them(cluster, client, stubs, request, idempotent):
    pb = stubs[0]
    kills = request.config.getoption("--kills")
    seed = request.config.getoption("--seed") or random.randrange(1, 1 << 30)
    chance = random.Random(seed)
    topic = f"faults-{uuid.uuid4().hex[:8]}"
    cluster.brokers[1].cli("topic", "create", topic, "--partitions", PARTITIONS, "--bootstrap", cluster.bootstrap)
    # Both talk to broker 1 alone, which stays.
    stub = client(cluster.brokers[1])
    reader = Consuming(pb, stub, topic, timeout=300, start=pb.Position(earliest=pb.Unit()))
    writer = Writer(pb, stub, topic, idempotent)

    def more() -> None:
        before = writer.progress()
        until("the stream goes on", lambda: writer.progress() > before + 10 * IN_FLIGHT, 60)

    brokers_die(cluster, chance, kills, more)
    written = writer.finish()
    unknown = sum(map(len, writer.unknown.values()))
    assert written + unknown == writer.sent
    print(f"{written} batches written, {unknown} unknown; --seed={seed}")
    ends = {o.partition: o.end_offset for o in stub.GetTopic(pb.GetTopicRequest(name=topic)).offsets}
    got = {partition: [] for partition in range(PARTITIONS)}
    for partition, offset, value in reader.take(sum(ends.values())):
        got[partition].append((int(value), offset))
    reader.cancel()
    for partition in range(PARTITIONS):
        assert [offset for _, offset in got[partition]] == list(range(ends[partition]))
        numbers = [number for number, _ in got[partition]]
        assert numbers == sorted(set(numbers)), "each once, in the order in which they were sent"
        there = [place for place in got[partition] if place[0] not in writer.unknown[partition]]
        assert there == writer.acked[partition], "where the answers said, and nothing else"
