"""Real files through four clients and five codecs into object storage; the log is thrown away; everything comes back.

`--main-job-mb` sets the size. Against Kafka (`--broker=kafka`) the log stays, which tests the test.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

import kcat_lot
from checks import CLIENTS
from collect import MEGABYTE, PARTITIONS, Lot, collect, files
from harness.esker import EskerBroker
from harness.kafka import KafkaBroker
from harness.s3 import S3Endpoint
from harness.wait import until
from spool import Digest, Result, encode

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
# Client: its share of the bytes, and how much of that goes line by line (many small messages are slow work for pure Python).
SHARES = {"java": (0.35, 0.4), "confluent": (0.3, 0.3), "kcat": (0.2, 0.7), "kafka-python": (0.15, 0.1)}
JAVA = [*CLIENTS["java"][:-1], "esker.clients.Spool"]
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def lots(request, tmp_path_factory) -> list[Lot]:
    """The input, and what every partition of it hashes to."""
    directory, source = tmp_path_factory.mktemp("spool"), files()
    megabytes = request.config.getoption("--main-job-mb")
    made = []
    for client, (share, line_share) in SHARES.items():
        size = int(megabytes * MEGABYTE * share / len(CODECS))
        for codec in CODECS:
            if client == "kcat":
                made.append(kcat_lot.collect_for_kcat(source, codec, size, line_share, directory))
            else:
                made.append(collect(source, client, codec, size, line_share, directory))
    assert sum(lot.size for lot in made) >= megabytes * MEGABYTE * 0.999
    return made


@pytest.fixture
def target(object_store, tmp_path):
    """A broker whose object store is an S3 endpoint over HTTP, a directory, or an independent S3 implementation."""
    endpoint = None
    if object_store == "none":
        broker = KafkaBroker(tmp_path / "kafka")
    elif object_store == "file":
        broker = EskerBroker(tmp_path / "esker", {"object_store.url": f"file://{tmp_path}/objects"})
    else:
        endpoint = S3Endpoint(tmp_path, {"s3": "esker-test-s3", "moto": "moto"}[object_store])
        broker = EskerBroker(tmp_path / "esker", endpoint.settings())
    yield broker.start()
    broker.remove()
    if endpoint:
        endpoint.stop()


def test_main_job(target, lots):
    produce(target.bootstrap, lots)
    kcat = [lot.topic for lot in lots if lot.client == "kcat"]
    live = digests_by_java(target.bootstrap, kcat)  # kcat picks timestamps itself: they count from here on
    if isinstance(target, EskerBroker):
        target.stop(timeout=300)
        target.forget_log()
        target.start()
    compare(target.bootstrap, lots, live)
    if isinstance(target, EskerBroker):
        check_archive(target, lots)
    check_offsets_go_on(target.bootstrap, lots[0])


def produce(bootstrap: str, lots: list[Lot]) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics([NewTopic(lot.topic, PARTITIONS, 1) for lot in lots]).values():
        future.result(60)
    for client in SHARES:
        start = time.monotonic()
        mine = [lot for lot in lots if lot.client == client]
        for lot in mine:
            send(bootstrap, lot)
        took = time.monotonic() - start
        print(f"{client}: {sum(l.size for l in mine) / MEGABYTE:.1f} MB, {sum(r.count for l in mine for r in l.expected)} "
              f"messages in {took:.1f} s")


def send(bootstrap: str, lot: Lot) -> None:
    if lot.client == "kcat":
        kcat_lot.send(bootstrap, lot)
        return
    program = {
        "java": [*JAVA, "send"],
        "confluent": [sys.executable, HERE / "send_confluent.py"],
        "kafka-python": [sys.executable, HERE / "send_kafka_python.py"],
    }[lot.client]
    subprocess.run([*map(str, program), bootstrap, lot.topic, lot.codec, lot.path], check=True, timeout=1800)


def compare(bootstrap: str, lots: list[Lot], live: dict) -> None:
    """What is read back is what was sent, partition by partition. Java's records are read by librdkafka, the others' by Java."""
    by_java = digests_by_java(bootstrap, [lot.topic for lot in lots if lot.client != "java"])
    by_librdkafka = digests_by_librdkafka(bootstrap, [lot.topic for lot in lots if lot.client == "java"])
    replayed = by_java | by_librdkafka
    for lot in lots:
        for partition, expected in enumerate(lot.expected):
            got = replayed[lot.topic, partition]
            assert (got.count, got.content) == (expected.count, expected.content), f"{lot.topic}/{partition}"
            whole = live[lot.topic, partition].whole if lot.client == "kcat" else expected.whole
            assert got.whole == whole, f"{lot.topic}/{partition}: a timestamp differs"


def digests_by_java(bootstrap: str, topics: list[str]) -> dict[tuple[str, int], Result]:
    done = subprocess.run([*map(str, JAVA), "digest", bootstrap, *topics], check=True, timeout=1800, stdout=subprocess.PIPE, text=True)
    fields = (line.split() for line in done.stdout.splitlines())
    return {(topic, int(partition)): Result(int(count), whole, content) for topic, partition, count, whole, content in fields}


def digests_by_librdkafka(bootstrap: str, topics: list[str]) -> dict[tuple[str, int], Result]:
    results = {}
    for topic in topics:
        consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "digest", "enable.auto.commit": False, "check.crcs": True})
        wanted = sum(consumer.get_watermark_offsets(TopicPartition(topic, p), 60)[1] for p in range(PARTITIONS))
        consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(PARTITIONS)])
        digests = [Digest() for _ in range(PARTITIONS)]

        def complete():
            for m in consumer.consume(10_000, 0.2):
                assert not m.error(), m.error()
                assert m.offset() == digests[m.partition()].count, f"{topic}/{m.partition()}: gap at {m.offset()}"
                headers = [(name.encode(), value) for name, value in m.headers() or []]
                digests[m.partition()].add(encode(m.key(), m.value(), headers), m.timestamp()[1])
            return sum(d.count for d in digests) == wanted

        until(f"all of {topic}", complete, 900, interval=0)
        consumer.close()
        results |= {(topic, p): d.result() for p, d in enumerate(digests)}
    return results


def check_archive(broker: EskerBroker, lots: list[Lot]) -> None:
    """The object store alone accounts for every record."""
    report = broker.verify_archive()
    assert report["errors"] == []
    counts = {(p["topic"], p["partition"]): (p["first_offset"], p["next_offset"], p["records"]) for p in report["partitions"]}
    for lot in lots:
        for partition, expected in enumerate(lot.expected):
            assert counts[lot.topic, partition] == (0, expected.count, expected.count), f"{lot.topic}/{partition}"


def check_offsets_go_on(bootstrap: str, lot: Lot) -> None:
    """A new record gets the offset after the last one."""
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers=bootstrap)
    assert producer.send(lot.topic, b"one more", partition=0).get(30).offset == lot.expected[0].count
    producer.close()
