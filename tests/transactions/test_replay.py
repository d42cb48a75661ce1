"""Transactions that were committed, aborted and left open are read the same from memory, from the log and from objects."""

import random

import pytest
from confluent_kafka import Producer

from copying import PARTITIONS, create, read_committed
from harness.esker import EskerBroker
from harness.wait import until

SETTINGS = {"archive.flush_interval_ms": 500, "archive.trim_delay_ms": 0}


class Writer:
    """A transactional producer that knows what it has committed."""

    def __init__(self, bootstrap: str, name: str, **config):
        self.name, self.number = name, 0
        self.producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": name, "linger.ms": 0, "log_level": 2, **config})
        self.producer.init_transactions(30)
        self.written: list[tuple[int, str]] = []

    def begin(self) -> None:
        self.producer.begin_transaction()
        self.written = []

    def write(self, partition: int) -> None:
        value = f"{self.name}:{self.number}"
        self.number += 1
        self.producer.produce("t", value.encode(), partition=partition)
        self.producer.flush(30)
        self.written.append((partition, value))


@pytest.fixture
def directory(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("Esker's objects")
    return tmp_path


def check(bootstrap: str, expected: dict[str, dict[int, list[str]]]) -> None:
    """Each writer's committed values, in its order, and nothing else."""
    got = read_committed(bootstrap, "t")
    for name, partitions in expected.items():
        for partition in range(PARTITIONS):
            read = [value for value in got.get(partition, []) if value.startswith(f"{name}:")]
            assert read == partitions.get(partition, []), f"{name} in partition {partition}"
    assert sum(map(len, got.values())) == sum(len(values) for parts in expected.values() for values in parts.values())


def test_committed_records_replay_from_objects(directory, request):
    seed = request.config.getoption("--seed") or random.SystemRandom().randrange(1 << 32)
    print(f"--seed={seed}")
    chance = random.Random(seed)
    broker = EskerBroker(directory / "broker", SETTINGS).start()
    create(broker.bootstrap, "t", replicas=1)
    writers = [Writer(broker.bootstrap, name) for name in ("a", "b", "c")]
    expected = {writer.name: {} for writer in writers}
    open_ones: dict[str, Writer] = {}
    for step in range(240):
        writer = chance.choice(writers)
        if writer.name not in open_ones:
            writer.begin()
            open_ones[writer.name] = writer
        elif chance.random() < 0.3:
            del open_ones[writer.name]
            if chance.random() < 0.5:
                writer.producer.commit_transaction(30)
                for partition, value in writer.written:
                    expected[writer.name].setdefault(partition, []).append(value)
            else:
                writer.producer.abort_transaction(30)
            continue
        writer.write(chance.randrange(PARTITIONS))
        if step % 40 == 20:
            broker.flush()
    for writer in open_ones.values():
        writer.producer.abort_transaction(30)
    # One stays open, behind everything.
    hanging = Writer(broker.bootstrap, "hanging", **{"transaction.timeout.ms": 20_000})
    hanging.begin()
    for partition in range(PARTITIONS):
        hanging.write(partition)
    check(broker.bootstrap, expected)
    broker.flush()
    check(broker.bootstrap, expected)
    broker.kill()
    broker.start()
    check(broker.bootstrap, expected)
    broker.stop()
    broker.forget_log()
    broker.start()
    check(broker.bootstrap, expected)
    # The coordinator comes back from objects too: the open one is aborted when its time is up, and everything goes on.
    after = Writer(broker.bootstrap, "after")
    after.begin()
    for partition in range(PARTITIONS):
        after.write(partition)
    after.producer.commit_transaction(30)
    expected["after"] = {partition: [value] for partition, value in after.written}

    def stable() -> bool:
        return sum(map(len, read_committed(broker.bootstrap, "t").values())) > sum(len(v) for p in expected.values() for v in p.values()) - 1
    until("the open transaction is aborted", stable, 60, interval=0.5)
    check(broker.bootstrap, expected)
    uncommitted = read_committed(broker.bootstrap, "t", isolation="read_uncommitted")
    assert all(any(value.startswith("hanging:") for value in values) for values in uncommitted.values()), "it was written"
    broker.stop()
    assert not broker.panics()
