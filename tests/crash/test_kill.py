"""kill -9 at random moments under load: what was acknowledged is there, once, in order, and what was seen stays."""

import random
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from checks import CLIENTS
from harness.esker import EskerBroker
from harness.kafka import KafkaBroker
from harness.paths import TESTS
from harness.process import Process
from harness.wait import until

TOPIC, PARTITIONS, KEYS = "load", 6, 50
RATE = 4000  # records a second and producer
PYTHON = TESTS / "clients" / "python"


@pytest.fixture
def own_broker(broker_kind, tmp_path):
    """A broker of its own, with the timings of a real one."""
    broker = (EskerBroker if broker_kind == "esker" else KafkaBroker)(tmp_path / broker_kind).start()
    yield broker
    broker.remove()


class Load:
    """The producers and the follower, and what they noted."""

    def __init__(self, bootstrap: str, directory: Path, rate: int = RATE, settings: str = "patient"):
        java = [*CLIENTS["java"][:-1], "esker.clients.LoadProducer"]
        python = [sys.executable, PYTHON / "load_producer.py"]
        self.acks = {name: directory / f"{name}.acks" for name in ("java", "librdkafka")}
        self.producers = [
            Process([*program, bootstrap, TOPIC, name, KEYS, rate, self.acks[name], settings], directory / f"{name}.log")
            for name, program in (("java", java), ("librdkafka", python))
        ]
        self.seen = directory / "seen"
        self.follower = Process([sys.executable, PYTHON / "tail_consumer.py", bootstrap, TOPIC, PARTITIONS, self.seen],
                                directory / "follower.log")

    def sizes(self) -> list[int]:
        return [path.stat().st_size if path.exists() else 0 for path in self.acks.values()]

    def await_progress(self) -> None:
        """Every producer gets acknowledgements again."""
        before = self.sizes()
        until("acknowledgements from every producer", lambda: all(b > a for a, b in zip(before, self.sizes())), 120)

    def stop(self) -> None:
        for producer in self.producers:
            producer.stop(120)
        self.follower.stop(60)


def test_kill_at_random_moments(own_broker, tmp_path, request):
    kills = request.config.getoption("--kills")
    seed = request.config.getoption("--seed") or random.SystemRandom().randrange(1 << 32)
    moments = random.Random(seed)
    print(f"--seed={seed}")
    create(own_broker.bootstrap)
    load = Load(own_broker.bootstrap, tmp_path)
    pauses = []
    for _ in range(kills):
        load.await_progress()
        time.sleep(moments.uniform(0, 1.5))  # the random moment itself; nothing is waited for here
        own_broker.kill()
        start = time.monotonic()
        own_broker.start(timeout=120)
        pauses.append(time.monotonic() - start)
    load.await_progress()
    load.stop()
    records = read_all(own_broker.bootstrap)
    acked = check_acks(load.acks, records)
    followed = check_seen(load.seen, records)
    print(f"{kills} kills, {acked} acked, {followed} followed, {sum(map(len, records))} stored, "
          f"ready again after {max(pauses, default=0):.2f} s at most")


def create(bootstrap: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)]).values():
        future.result(30)


def read_all(bootstrap: str, timeout: float = 300) -> list[list[tuple[str, int]]]:
    """Per partition the (key, number) of every record, in offset order, which must start at 0 and have no gap."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False, "check.crcs": True})
    ends = [consumer.get_watermark_offsets(TopicPartition(TOPIC, p), 30)[1] for p in range(PARTITIONS)]
    consumer.assign([TopicPartition(TOPIC, p, 0) for p in range(PARTITIONS)])
    records: list[list] = [[] for _ in range(PARTITIONS)]

    def complete():
        for m in consumer.consume(10_000, 0.2):
            assert not m.error(), m.error()
            assert m.offset() == len(records[m.partition()]), f"gap or repetition at {m.partition()}/{m.offset()}"
            records[m.partition()].append((sys.intern(m.key().decode()), int(m.value())))
        return [len(r) for r in records] == ends

    until("everything read", complete, timeout, interval=0)
    consumer.close()
    return records


def check_acks(acks: dict[str, Path], records: list[list]) -> int:
    """Every acknowledged record is at its offset; every key's numbers are 0, 1, 2, ... without gap or repetition."""
    stored = defaultdict(list)
    for partition in records:
        for key, number in partition:
            stored[key].append(number)
    for key, numbers in stored.items():
        assert numbers == list(range(len(numbers))), f"{key}: lost, duplicated or out of order"
    count = 0
    for path in acks.values():
        *lines, last = path.read_text().splitlines()
        assert last == "end", f"{path}: the producer did not finish: {last}"
        for line in lines:
            assert not line.startswith("error"), line
            key, number, partition, offset = line.split()
            assert records[int(partition)][int(offset)] == (key, int(number)), f"acked, but not there: {line}"
            count += 1
    assert count == sum(map(len, records)), "more is stored than the producers were told"
    return count


def check_seen(seen: Path, records: list[list]) -> int:
    """Whatever the follower was shown is still there, and it was shown everything once, in order."""
    following = [0] * PARTITIONS
    for line in seen.read_text().splitlines():
        assert not line.startswith("error"), line
        partition, offset, key, number = line.split()
        assert int(offset) == following[int(partition)], f"repeated or skipped: {line}"
        assert records[int(partition)][int(offset)] == (key, int(number)), f"seen, but not there: {line}"
        following[int(partition)] += 1
    assert sum(following), "the follower saw nothing"
    return sum(following)
