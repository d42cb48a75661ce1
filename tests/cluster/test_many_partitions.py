"""As many partitions as a company has (--partitions, ten for each shard): a broker dies, and a fourth one joins."""

import time

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from harness.cluster import EskerCluster
from harness.probe import Probe
from harness.wait import until

# Seconds, on a machine that has nothing else to do (--timings).
FAILOVER, SCALE_OUT = 3, 30
PROBES = 100
RECORD = b"x" * 1024
# A move writes the shard's manifest anew, whatever is in its objects.
MANIFEST = 16 << 10


def ends(admin: AdminClient, topic: str, partitions: int) -> list[int]:
    """The end of every partition, as its leader tells."""
    asked = {TopicPartition(topic, number): OffsetSpec.latest() for number in range(partitions)}
    answers = admin.list_offsets(asked, request_timeout=3)
    return [answers[at].result().offset for at in asked]


def led_by_all(bootstrap: str, topic: str, expected: list[int]) -> bool:
    # A new client for each look: librdkafka's asks the leaders that it remembers, also one that is gone.
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    try:
        told = ends(admin, topic, len(expected))
    except KafkaException:  # some partition has no leader that answers yet
        return False
    # Of a partition without a leader just now, as while it moves, librdkafka says no error but this.
    assert all(end in (of, OFFSET_INVALID) for end, of in zip(told, expected, strict=True)), "an end without a record that was acknowledged"
    return told == expected


def fill(bootstrap: str, topic: str, partitions: int, each: int) -> None:
    """So many records of 1 KiB for every partition, all acknowledged."""
    failed = []
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "linger.ms": 50, "enable.idempotence": True,
                         "queue.buffering.max.messages": 1_000_000, "log_level": 2})
    for _ in range(each):
        for partition in range(partitions):
            producer.produce(topic, RECORD, partition=partition, on_delivery=lambda error, _: error and failed.append(error))
            producer.poll(0)
        producer.flush(300)
    assert not failed, failed[:3]


def longest_gap(probe: Probe, since: float) -> float:
    """Until now; a pause that still lasts is waited for."""
    now = time.monotonic()
    return max(until("the probe goes on", lambda: probe.gaps(since, now), 60))


def stored_bytes(cluster: EskerCluster) -> int:
    return sum(file.stat().st_size for file in (cluster.directory / "buckets").rglob("*") if file.is_file())


def lag_bytes(cluster: EskerCluster) -> int:
    return int(sum(broker.metric("esker_archive_lag_bytes") for broker in cluster.brokers.values()))


def shards_of(cluster: EskerCluster) -> dict[int, int]:
    return {broker["session"]["broker"]: len(broker["shards"]) for broker in cluster.status()["brokers"]}


def test_a_failover_and_a_fourth_broker(make_cluster, request):
    partitions, timings = request.config.getoption("--partitions"), request.config.getoption("--timings")
    shards = partitions // 10
    cluster = make_cluster(settings={"node.shards": shards})
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap, "log_level": 2})
    at = time.monotonic()
    created = admin.create_topics([NewTopic("many", partitions - PROBES, 3), NewTopic("probe", PROBES, 3)], request_timeout=60)
    for future in created.values():
        future.result(60)
    print(f"{partitions} partitions, {shards} shards: created in {time.monotonic() - at:.1f} s", flush=True)
    fill(cluster.bootstrap, "many", partitions - PROBES, 5)
    cluster.flush()
    fill(cluster.bootstrap, "many", partitions - PROBES, 1)
    expected = [6] * (partitions - PROBES)
    until("every partition has its end", lambda: led_by_all(cluster.bootstrap, "many", expected), 60)
    probe = Probe(cluster.bootstrap, "probe", PROBES, interval=0.05)
    until("the probe works", lambda: all(probe.acked), 60)

    # A broker with a third of the partitions dies.
    before, at = shards_of(cluster), time.monotonic()
    cluster.brokers[2].kill()
    until("every partition is led again", lambda: led_by_all(cluster.bootstrap, "many", expected), 60)
    led = time.monotonic() - at
    gap = longest_gap(probe, at)
    print(f"failover of {before[2]} of {shards} shards: longest pause {gap:.2f} s, all ends told again within {led:.2f} s", flush=True)
    cluster.launch(2).await_ready(60)
    cluster.await_whole(120)

    # A fourth broker joins.
    cluster.flush()
    stored, lag, acked = stored_bytes(cluster), lag_bytes(cluster), sum(map(len, probe.acked))
    broker, at = cluster.add(4), time.monotonic()
    cluster.launch(4)
    until("it has its share", lambda: shards_of(cluster).get(4, 0) >= shards // 4, 120, interval=0.2)
    took = time.monotonic() - at
    broker.await_ready(60)
    cluster.await_whole(120)
    gap_of_moves = longest_gap(probe, at)
    written, moved = stored_bytes(cluster) - stored, shards_of(cluster)[4]
    produced = (sum(map(len, probe.acked)) - acked) * 200  # what a probe's record is with its batch, at most
    print(f"a fourth broker has {moved} shards after {took:.1f} s; longest pause {gap_of_moves:.2f} s; {stored >> 10} KiB were stored, "
          f"{lag >> 10} KiB in no object, {produced >> 10} KiB produced meanwhile, {written >> 10} KiB written", flush=True)
    assert written <= lag + produced + moved * MANIFEST, "data was copied"
    until("every partition is led wherever it is now", lambda: led_by_all(cluster.bootstrap, "many", expected), 60)
    probe.stop()

    # What was written before all this is there, wherever it is now.
    reader = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "reader", "enable.auto.commit": False, "log_level": 2})
    some = range(0, partitions - PROBES, max(1, partitions // 100))
    reader.assign([TopicPartition("many", number, 0) for number in some])
    seen = {number: 0 for number in some}

    def all_read() -> bool:
        for message in reader.consume(1000, timeout=0.2):
            assert not message.error() and message.value() == RECORD and message.offset() == seen[message.partition()]
            seen[message.partition()] += 1
        return all(count == 6 for count in seen.values())
    until("every record is read", all_read, 60)
    reader.close()
    if timings:
        assert gap <= FAILOVER and led <= FAILOVER and took <= SCALE_OUT
