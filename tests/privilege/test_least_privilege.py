"""What brokers and `esker archive` ask of S3 is what the policy of terraform/modules/aws grants: no less, and no more."""

import json
import shutil

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from harness.cluster import EskerCluster, delete_store
from harness.paths import ROOT
from harness.s3 import BUCKET
from harness.wait import until

GRANTED = json.loads((ROOT / "terraform/modules/aws/actions.json").read_text())
PREFIX = "test"
RECORDS = 400


@pytest.fixture
def cluster(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("only Esker has an object store")
    cluster = EskerCluster(tmp_path, settings={
        "archive.flush_interval_ms": 500, "archive.trim_delay_ms": 0, "archive.delete_grace_ms": 1000,
        "archive.orphan_interval_ms": 2000,
    })
    yield cluster.start()
    cluster.end()
    assert not cluster.panics()


def produce(cluster, topic: str, start: int = 0) -> None:
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "enable.idempotence": True})
    for number in range(start, start + RECORDS):
        producer.produce(topic, b"%d" % number + b"x" * 500, partition=number % 4)
    assert producer.flush(60) == 0


def consume(cluster, topic: str, group: str) -> int:
    """Everything from the beginning, committed."""
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": group, "auto.offset.reset": "earliest",
                         "enable.auto.commit": False})
    consumer.subscribe([topic])
    seen: set[bytes] = set()

    def all_of_it() -> bool:
        for message in consumer.consume(100, timeout=0.2):
            assert not message.error(), message.error()
            seen.add(message.value())
        return len(seen) >= RECORDS

    try:
        until(f"{group} has read {topic}", all_of_it, 60)
        consumer.commit(asynchronous=False)
    finally:
        consumer.close()
    return len(seen)


def archive(cluster, *args) -> bytes:
    broker = cluster.brokers[2]
    return broker.cli("archive", *args, "--config", broker.config)


def listed(cluster) -> list[dict]:
    return json.loads(archive(cluster, "list", "--output", "json"))["objects"]


def transaction(cluster) -> None:
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "transactional.id": "privilege"})
    producer.init_transactions(60)
    producer.begin_transaction()
    producer.produce("kept", b"in a transaction", partition=0)
    producer.commit_transaction(60)


def test_what_is_used_is_what_is_granted(cluster):
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    for future in admin.create_topics([NewTopic("kept", 4, 1), NewTopic("short", 4, 1), NewTopic("gone", 4, 1)]).values():
        future.result(30)
    for topic in ("kept", "short", "gone"):
        produce(cluster, topic)
    transaction(cluster)
    assert consume(cluster, "kept", "from-the-log") >= RECORDS
    cluster.flush()

    # Objects alone have the records: every broker with a new disk, and nothing in a cache.
    for broker in cluster.brokers.values():
        broker.stop()
    for broker in cluster.brokers.values():
        delete_store(broker)
        shutil.rmtree(broker.data / "cache", ignore_errors=True)
    cluster.start()
    assert consume(cluster, "kept", "from-objects") >= RECORDS

    # A broker dies, others take over and offload what it had; it comes back.
    produce(cluster, "kept", RECORDS)
    cluster.brokers[1].kill()
    cluster.await_copied()

    for path in [each["path"] for each in listed(cluster)[:3]]:
        archive(cluster, "inspect", path)
    archive(cluster, "verify")

    # Retention and a deleted topic: objects that nothing refers to go.
    before = {each["path"] for each in listed(cluster)}
    change = ConfigEntry("retention.ms", "1", incremental_operation=AlterConfigOpType.SET)
    for future in admin.incremental_alter_configs([ConfigResource(ResourceType.TOPIC, "short", incremental_configs=[change])]).values():
        future.result(30)
    for future in admin.delete_topics(["gone"]).values():
        future.result(30)
    until("objects are deleted", lambda: before - {each["path"] for each in listed(cluster)}, 60)
    until("and their bytes with them", lambda: "DeleteObject" in cluster.s3.actions(), 60)
    for broker in cluster.brokers.values():
        broker.stop()

    used = cluster.s3.actions()
    unknown = {action: where for action, where in used.items() if action.startswith("?")}
    assert not unknown, f"operations that crates/esker-test-s3/src/actions.rs has no action for: {unknown}"
    granted = {action.removeprefix("s3:") for action in GRANTED["objects"] + GRANTED["bucket"]}
    assert set(used) == granted, f"not granted: {set(used) - granted}; granted and not used: {granted - set(used)}"

    # And where: objects below the prefix, lists of this bucket.
    for action in GRANTED["objects"]:
        assert used[action.removeprefix("s3:")] == {f"{BUCKET}/{PREFIX}"}, used
    for action in GRANTED["bucket"]:
        assert {where.split("/")[0] for where in used[action.removeprefix("s3:")]} == {BUCKET}, used
