"""Both disks that know a ledger's end are gone, with its writer: the shards block, say why, and an operator decides."""

import json

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from harness.cluster import EskerCluster, delete_store
from harness.wait import until

PARTITIONS = 12


def produce(bootstrap: str, values: list[bytes]) -> dict[tuple[int, int], bytes]:
    """Everything that was acknowledged, by partition and offset."""
    acked = {}

    def note(error, message):
        if error is None:
            acked[message.partition(), message.offset()] = message.value()

    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "acks": "all"})
    for number, value in enumerate(values):
        producer.produce("orders", value, partition=number % PARTITIONS, on_delivery=note)
    assert producer.flush(30) == 0
    return acked


def stored(bootstrap: str, timeout: float = 30) -> dict[tuple[int, int], bytes]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "auto.offset.reset": "earliest"})
    found = {}
    for partition in range(PARTITIONS):
        at = TopicPartition("orders", partition)
        low, high = consumer.get_watermark_offsets(at, timeout=timeout)
        consumer.assign([TopicPartition("orders", partition, low)])
        while low < high:
            message = consumer.poll(30)
            assert message is not None and not message.error(), message
            found[partition, message.offset()] = message.value()
            low = message.offset() + 1
    consumer.close()
    return found


def name(ledger: dict) -> str:
    return "{broker}/{number}".format(**ledger)


def cli(cluster: EskerCluster, *arguments: str) -> str:
    broker = next(broker for broker in cluster.brokers.values() if broker.process.alive())
    return broker.cli("cluster", *arguments, "--grpc", broker.grpc, timeout=60).decode()


def test_a_shard_whose_end_nobody_knows_waits_for_an_operator(make_cluster):
    cluster = make_cluster(settings={"archive.flush_interval_ms": 600_000})
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    admin.create_topics([NewTopic("orders", PARTITIONS, 3)])["orders"].result(30)
    first = produce(cluster.bootstrap, [b"first %d" % number for number in range(1200)])
    assert len(first) == 1200
    # Two of the three stores that know: with them the session of a writer.
    written = [ledger for ledger in cluster.status()["ledgers"] if ledger["alive"] and ledger["end"] is None]
    doomed = {name(ledger["id"]) for ledger in written if ledger["id"]["broker"] in (1, 2)}
    for number in (1, 2):
        cluster.brokers[number].kill()
    for number in (1, 2):
        delete_store(cluster.brokers[number])
        cluster.launch(number)

    for broker in cluster.brokers.values():
        broker.await_ready(60)

    def blocked():
        status = cluster.status()
        return status and {name(entry["ledger"]) for entry in status["blocked"]} == doomed and status["blocked"]

    waiting = until("the status says what is blocked", blocked, 60)
    text = cli(cluster, "status")
    for entry in waiting:
        ledger = name(entry["ledger"])
        assert entry["shards"] and len(entry["missing"]) == 2 and "1 of 2" in entry["why"], entry
        assert f"unclean-recover {ledger}" in text
        logs = "".join(broker.process.log_text() for broker in cluster.brokers.values())
        assert any("shards wait for a store" in line and f"ledger {ledger} " in line for line in logs.splitlines()), ledger
    # The blocked partitions take nothing, and nothing is guessed.
    with pytest.raises(KafkaException):
        stored(cluster.bootstrap, timeout=5)
    for entry in waiting:
        ledger = name(entry["ledger"])
        said = cli(cluster, "unclean-recover", ledger)
        assert "LOST" in said and "Nothing was done" in said and "orders:" in said, said
        loss = json.loads(cli(cluster, "unclean-recover", ledger, "--output", "json"))
        assert loss["needed"] == 2 and len(loss["answers"]) == 1 and len(loss["missing"]) == 2
        assert loss["token"] in said, "saying what would be lost changes nothing"
        with pytest.raises(AssertionError, match="look again"):
            cli(cluster, "unclean-recover", ledger, "--accept-loss", "00000000")
        assert "served again" in cli(cluster, "unclean-recover", ledger, "--accept-loss", loss["token"])
        with pytest.raises(AssertionError, match="is sealed"):
            cli(cluster, "unclean-recover", ledger)
    cluster.await_whole()
    # The third store had it all: W of the three was two of any, and nothing ran when the brokers died.
    kept = stored(cluster.bootstrap)
    assert kept.items() <= first.items()
    lost = len(first) - len(kept)
    again = produce(cluster.bootstrap, [b"again %d" % number for number in range(1200)])
    assert len(again) == 1200
    assert stored(cluster.bootstrap) == kept | again
    print(f"{len(first)} acked, {lost} lost with two disks, {len(again)} after")
