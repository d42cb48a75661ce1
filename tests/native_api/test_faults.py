"""Streams go on while the brokers behind them die, stop and come back: nothing is lost, and nothing is there twice."""

import random
import threading
import uuid

import pytest
from streams import Consuming, Producing, of_status

from harness.cluster import EskerCluster
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
    """Writes numbered records to all partitions by one idempotent stream, until it is told to stop."""

    def __init__(self, pb, stub, topic: str):
        super().__init__(daemon=True)
        self.stream = Producing(pb, stub, timeout=300, idempotent=True)
        self.topic, self.stopping, self.failure = topic, threading.Event(), None
        self.acked = {partition: [] for partition in range(PARTITIONS)}
        self.sent = 0
        self.start()

    def run(self) -> None:
        try:
            answered = 0
            while not self.stopping.is_set() or answered < self.sent:
                if not self.stopping.is_set() and self.sent - answered < IN_FLIGHT:
                    partition, sequence = self.sent % PARTITIONS, self.sent // PARTITIONS
                    self.stream.send(sequence, self.topic, [b"%d" % sequence], partition=partition, sequence=sequence)
                    self.sent += 1
                    continue
                ack = self.stream.ack()
                answered += 1
                assert ack.HasField("written"), of_status(ack.error)
                self.acked[ack.partition].append((ack.id, ack.written.first_offset))
            self.stream.close()
        except BaseException as failure:  # noqa: BLE001  told by whoever waits
            self.failure = failure

    def progress(self) -> int:
        assert self.failure is None, self.failure
        return sum(map(len, self.acked.values()))

    def finish(self) -> int:
        self.stopping.set()
        self.join(120)
        assert not self.is_alive() and self.failure is None, self.failure
        return self.progress()


def test_streams_survive_the_brokers_behind_them(cluster, client, stubs, request):
    pb = stubs[0]
    kills = request.config.getoption("--kills")
    chance = random.Random(request.config.getoption("--seed") or None)
    topic = f"faults-{uuid.uuid4().hex[:8]}"
    cluster.brokers[1].cli("topic", "create", topic, "--partitions", PARTITIONS, "--bootstrap", cluster.bootstrap)
    # Both talk to broker 1 alone, which stays.
    stub = client(cluster.brokers[1])
    reader = Consuming(pb, stub, topic, timeout=300, start=pb.Position(earliest=pb.Unit()))
    writer = Writer(pb, stub, topic)

    def more() -> None:
        before = writer.progress()
        until("the stream goes on", lambda: writer.progress() > before + 10 * IN_FLIGHT, 60)

    more()
    for _ in range(min(kills, 5)):
        victim = chance.choice([2, 3])
        if chance.random() < 0.6:
            cluster.brokers[victim].kill()
        else:
            cluster.brokers[victim].stop()
        more()
        if not cluster.brokers[victim].process.alive():
            cluster.launch(victim)
            cluster.brokers[victim].await_ready(60)
        until("the cluster is whole again", cluster.whole, 60, interval=0.2)
        more()
    total = writer.finish()
    assert total == writer.sent
    got = {partition: [] for partition in range(PARTITIONS)}
    for partition, offset, value in reader.take(total):
        got[partition].append((int(value), offset))
    reader.cancel()
    for partition in range(PARTITIONS):
        assert [number for number, _ in got[partition]] == list(range(len(got[partition]))), "each once, in order"
        assert got[partition] == writer.acked[partition], "where the answers said"
    print(f"{total} batches")
