"""Metadata is lost or mixed up, the object store's URL is as before: nothing that another cluster left there is touched."""

import shutil
import threading
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from harness.cluster import EskerCluster, delete_store

RECORDS = 500


@pytest.fixture
def cluster(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("only Esker keeps its metadata in etcd")
    # What nobody refers to is deleted within seconds.
    settings = {
        "archive.flush_interval_ms": 1000,
        "archive.delete_grace_ms": 4000,
        "archive.orphan_interval_ms": 500,
    }
    cluster = EskerCluster(tmp_path, settings=settings)
    yield cluster.start()
    cluster.end()
    assert not cluster.panics()


def objects(cluster) -> dict[str, int]:
    """What the bucket holds, and how long each object is."""
    root = cluster.directory / "buckets"
    return {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*") if path.is_file()}


def produce(cluster, values) -> None:
    failed: list = []
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "enable.idempotence": True})
    for value in values:
        producer.produce("orders", value, on_delivery=lambda error, _: failed.append(error) if error else None)
    assert producer.flush(120) == 0 and not failed


def stored(cluster, count: int) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "reads", "enable.auto.commit": False})
    consumer.assign([TopicPartition("orders", 0, 0)])
    found = []
    while len(found) < count:
        message = consumer.poll(60)
        assert message is not None and not message.error(), message
        found.append(message.value())
    consumer.close()
    return found


def stop(cluster) -> None:
    # Together: the last ones have nobody to hand over to.
    stopping = [threading.Thread(target=broker.stop) for broker in cluster.brokers.values()]
    for thread in stopping:
        thread.start()
    for thread in stopping:
        thread.join()


def lose_metadata(cluster, keep: Path) -> None:
    """An empty etcd and empty logs, as after `helm uninstall` and the deletion of all claims."""
    cluster.etcd.stop()
    shutil.move(cluster.etcd.directory / "etcd", keep)
    cluster.etcd.start()
    for broker in cluster.brokers.values():
        delete_store(broker)
        shutil.rmtree(broker.data / "cache", ignore_errors=True)


def test_a_new_cluster_does_not_start_on_the_objects_of_an_old_one(cluster, tmp_path):
    sent = [b"%d" % number for number in range(RECORDS)]
    produce(cluster, sent)
    stop(cluster)
    before = objects(cluster)
    lose_metadata(cluster, tmp_path / "kept")

    for number, broker in cluster.brokers.items():
        cluster.launch(number)
        assert broker.process.wait(60) != 0
        said = broker.process.log_tail(5)
        assert "test/cluster says that these objects are those of cluster" in said and "restore the metadata" in said, said
    assert objects(cluster) == before

    cluster.etcd.stop()
    shutil.rmtree(cluster.etcd.directory / "etcd")
    shutil.move(tmp_path / "kept", cluster.etcd.directory / "etcd")
    cluster.etcd.start()
    cluster.start()
    assert stored(cluster, RECORDS) == sent


def test_one_that_starts_without_the_object_store_ends_when_it_can_ask(cluster, tmp_path):
    sent = [b"%d" % number for number in range(RECORDS)]
    produce(cluster, sent)
    cluster.flush()
    for broker in cluster.brokers.values():
        broker.kill()
    before = objects(cluster)
    lose_metadata(cluster, tmp_path / "kept")
    # Nobody can say whose the objects are.
    cluster.s3.stop()
    cluster.start()
    produce(cluster, [b"of the new cluster"] * 100)
    cluster.s3.start()
    for broker in cluster.brokers.values():
        assert broker.process.wait(60) == 1
        assert "says that these objects are those of cluster" in broker.process.log_tail(5), broker.process.log_tail(5)
    assert objects(cluster) == before
