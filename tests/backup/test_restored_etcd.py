"""etcd comes back from a snapshot, as docs/backup.md says how: what was in objects then is there, and the cluster works."""

import json
import shutil

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from harness.cluster import EskerCluster, delete_store
from harness.wait import until

PARTITIONS, RECORDS = 4, 400


@pytest.fixture
def cluster(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("only Esker keeps its metadata in etcd")
    # Nothing is uploaded but when it is asked for.
    cluster = EskerCluster(tmp_path, settings={"archive.flush_interval_ms": 600_000})
    yield cluster.start()
    cluster.end()
    assert not cluster.panics()


def create(cluster, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result(60)


def produce(cluster, topic: str, name: str) -> set[bytes]:
    failed: list = []
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "enable.idempotence": True})
    sent = [b"%s %d" % (name.encode(), number) for number in range(RECORDS)]
    for number, value in enumerate(sent):
        producer.produce(topic, value, partition=number % PARTITIONS, on_delivery=lambda error, _: failed.append(error) if error else None)
    assert producer.flush(120) == 0 and not failed
    return set(sent)


def stored(cluster, topic: str) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "reads", "enable.auto.commit": False})
    found = []
    for partition in range(PARTITIONS):
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=60)
        consumer.assign([TopicPartition(topic, partition, low)])
        while low < high:
            message = consumer.poll(60)
            assert message is not None and not message.error(), message
            found.append(message.value())
            low = message.offset() + 1
    consumer.close()
    return found


def copy_of_etcd(cluster, to) -> None:
    """What a snapshot holds: the database at a moment when brokers are at work, with their sessions and open ledgers."""
    for broker in cluster.brokers.values():
        broker.kill()
    cluster.etcd.stop()
    shutil.copytree(cluster.etcd.directory / "etcd", to)
    cluster.etcd.start()
    cluster.start()


def accept_losses(cluster) -> int:
    """Goes on without what the ledgers held that were written at the time of the snapshot; how many there were."""
    broker = cluster.brokers[1]
    accepted = 0

    def whole() -> bool:
        nonlocal accepted
        cluster.revive()
        status = cluster.status()
        for entry in status["blocked"] if status else []:
            ledger = "{broker}/{number}".format(**entry["ledger"])
            try:
                loss = json.loads(broker.cli("cluster", "unclean-recover", ledger, "--grpc", broker.grpc, "--output", "json"))
                broker.cli("cluster", "unclean-recover", ledger, "--grpc", broker.grpc, "--accept-loss", loss["token"])
            except AssertionError as error:
                if "is sealed" not in str(error):  # the status is a moment older than what was accepted
                    raise
            accepted += 1
        return cluster.whole()

    until("every broker has its shards", whole, 120, interval=0.2)
    return accepted


def test_what_was_in_objects_at_the_snapshot_is_there(cluster, tmp_path):
    create(cluster, "orders")
    uploaded = produce(cluster, "orders", "uploaded")
    cluster.flush()
    copy_of_etcd(cluster, tmp_path / "snapshot")
    # All of this is later than the snapshot, whether in objects or not.
    produce(cluster, "orders", "later")
    cluster.flush()
    produce(cluster, "orders", "last")
    create(cluster, "newer")

    for broker in cluster.brokers.values():
        broker.kill()
    cluster.etcd.stop()
    shutil.rmtree(cluster.etcd.directory / "etcd")
    shutil.copytree(tmp_path / "snapshot", cluster.etcd.directory / "etcd")
    cluster.etcd.start()
    for number, broker in cluster.brokers.items():
        delete_store(broker)
        shutil.rmtree(broker.data / "cache", ignore_errors=True)
        cluster.launch(number)
    assert accept_losses(cluster) > 0, "the snapshot is of a cluster at work"

    found = stored(cluster, "orders")
    assert set(found) == uploaded and len(found) == len(uploaded)
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    assert "newer" not in admin.list_topics(timeout=30).topics

    again = produce(cluster, "orders", "again")
    create(cluster, "newer")
    produce(cluster, "newer", "new")
    cluster.flush()
    assert set(stored(cluster, "orders")) == uploaded | again
    verified = cluster.brokers[1].verify_archive()
    assert verified["errors"] == []
