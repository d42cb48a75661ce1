"""From Kafka to Esker with MirrorMaker 2, with the configuration that docs/migration-from-kafka.md gives."""

import re

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from harness.esker import EskerBroker
from harness.kafka import KafkaBroker
from harness.paths import ROOT, TOOLS
from harness.process import Process
from harness.wait import until

PAGE = ROOT / "docs/migration-from-kafka.md"
JARS = TOOLS / "mirror-4.3.1"
TOPIC, GROUP, PARTITIONS, RECORDS = "orders-eu", "billing-eu", 3, 300
GONE = 40  # of each partition, before the copy begins: offsets of the two sides differ


@pytest.fixture
def clusters(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("the copy goes to Esker")
    old, new = KafkaBroker(tmp_path / "old").start(), EskerBroker(tmp_path / "new").start()
    yield old, new
    old.process.kill()
    new.stop()
    assert not new.panics()


@pytest.fixture
def mirror(clusters, tmp_path):
    """MirrorMaker 2 as the page runs it, only that it looks more often."""
    old, new = clusters
    text = re.search(r"```properties\n(.*?)```", PAGE.read_text(), re.S)[1]
    text = text.replace("OLD:9092", old.bootstrap).replace("NEW:9092", new.bootstrap)
    text, looks = re.subn(r"(interval\.seconds) = \d+", r"\1 = 1", text)
    assert looks == 4 and old.bootstrap in text and new.bootstrap in text
    file = tmp_path / "mm2.properties"
    file.write_text(text + "offset.flush.interval.ms = 1000\n")
    command = ["java", "-Xmx384m", "-cp", f"{JARS}/*", "org.apache.kafka.connect.mirror.MirrorMaker", file]
    process = Process(command, tmp_path / "mirror.log")
    yield process
    process.kill()


def produce(broker, numbers: range) -> None:
    failed: list = []
    producer = Producer({"bootstrap.servers": broker.bootstrap, "enable.idempotence": True})
    for number in numbers:
        producer.produce(TOPIC, b"%d" % number, b"key-%d" % number, partition=number % PARTITIONS,
                         headers=[("n", b"%d" % number), ("empty", None)], timestamp=1_700_000_000_000 + number,
                         on_delivery=lambda error, _: failed.append(error) if error else None)
    assert producer.flush(60) == 0 and not failed


def read(broker, settings: dict, until_values: set[bytes]) -> list:
    """Messages, as they come, until all these values are there; and the positions are committed."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "enable.auto.commit": False, "auto.offset.reset": "earliest",
                         "isolation.level": "read_committed", **settings})
    consumer.subscribe([TOPIC])
    seen, missing = [], set(until_values)

    def more() -> bool:
        for message in consumer.consume(100, timeout=0.2):
            if not message.error():
                seen.append(message)
                missing.discard(message.value())
        return not missing

    try:
        until(f"{len(until_values)} records of {TOPIC}", more, 180)
        consumer.commit(asynchronous=False)
    finally:
        consumer.close()
    return seen


def committed(admin: AdminClient) -> dict[int, int]:
    """Where the group is, by partition."""
    try:
        asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(GROUP)])[GROUP].result(30)
    except KafkaException:
        return {}  # the group is not there yet
    return {each.partition: each.offset for each in asked.topic_partitions if each.topic == TOPIC and each.offset >= 0}


def as_copied(message) -> tuple:
    return message.partition(), message.key(), message.value(), message.timestamp(), message.headers()


def values(numbers) -> set[bytes]:
    return {b"%d" % number for number in numbers}


def test_a_topic_and_a_group_move(clusters, request):
    old, new = clusters
    admin = AdminClient({"bootstrap.servers": old.bootstrap})
    config = {"retention.ms": "-1", "max.message.bytes": "2000000"}
    admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1, config=config)])[TOPIC].result(30)
    produce(old, range(RECORDS))
    deleted = admin.delete_records([TopicPartition(TOPIC, p, GONE) for p in range(PARTITIONS)])
    for future in deleted.values():
        future.result(30)
    kept = [number for number in range(RECORDS) if number // PARTITIONS >= GONE]

    mirror = request.getfixturevalue("mirror")
    copied = read(new, {"group.id": "compares-1"}, values(kept))
    assert mirror.alive(), mirror.log_tail()

    # The group works at the old cluster while records go on coming.
    produce(old, range(RECORDS, 2 * RECORDS))
    worked = read(old, {"group.id": GROUP}, values([*kept, *range(RECORDS, RECORDS + 30)]))
    assert set(committed(admin)) == set(range(PARTITIONS))
    admin_new = AdminClient({"bootstrap.servers": new.bootstrap})
    everything = values([*kept, *range(RECORDS, 2 * RECORDS)])

    copied = read(new, {"group.id": "compares-2"}, everything)
    source = read(old, {"group.id": "compares-3"}, everything)
    assert sorted(map(as_copied, copied)) == sorted(map(as_copied, source)), "each record once, as it was"
    for partition in range(PARTITIONS):
        assert [m.value() for m in copied if m.partition() == partition] == [m.value() for m in source if m.partition() == partition]
    done = {m.value() for m in worked}
    rest = everything - done
    offsets = {(m.partition(), m.offset()): m.value() for m in copied}

    def ahead() -> set[bytes]:
        """What the group would be given at the new cluster, by its position there."""
        there = committed(admin_new)
        return {value for (partition, offset), value in offsets.items() if offset >= there.get(partition, 0)}

    def position_came_over() -> bool:
        there = ahead()
        assert there >= rest, "nothing is left out, at any time"
        return len(there) < len(everything)

    # In the middle of what was copied, MirrorMaker knows some offsets of both sides: it takes the next one before.
    until("a position of the group came over", position_came_over, 120)
    # At the end it knows exactly.
    read(old, {"group.id": GROUP}, rest)
    until("the group's last position came over", lambda: not ahead(), 120)
    produce(old, range(2 * RECORDS, 2 * RECORDS + 30))
    later = values(range(2 * RECORDS, 2 * RECORDS + 30))
    assert sorted(m.value() for m in read(new, {"group.id": GROUP}, later)) == sorted(later)

    # The topic's configs came too.
    described = new.cli("topic", "describe", TOPIC, "--bootstrap", new.bootstrap, "--output", "json").decode()
    assert "2000000" in described and '"retention.ms"' in described
    assert mirror.alive(), mirror.log_tail()
