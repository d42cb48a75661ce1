"""The list of checks with kafka-python 3 (pure Python, its own protocol code)."""

import threading
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import (
    InvalidPartitionsError, InvalidReplicationFactorError, InvalidTopicError,
    MessageSizeTooLargeError, OffsetOutOfRangeError, TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)
from lab import DEADLINE, Lab, compressible, equal, main, raises, sample_records, until

PARTITIONS = 6


class KafkaPythonLab(Lab):
    def __init__(self, *args):
        super().__init__(*args)
        self.admin = self.keep(KafkaAdminClient(bootstrap_servers=self.bootstrap))

    def topic(self, partitions=1, name="t", **config) -> str:
        topic = self.name(name)
        config = {k.replace("_", "."): str(v) for k, v in config.items()}
        self.admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1, "configs": config}},
                                 wait_for_metadata=True)
        return topic

    def producer(self, **config) -> KafkaProducer:
        return self.keep(KafkaProducer(bootstrap_servers=self.bootstrap, **{"acks": "all", "linger_ms": 5, **config}))

    def consumer(self, *topics, group=None, **config) -> KafkaConsumer:
        return self.keep(KafkaConsumer(*topics, **{
            "bootstrap_servers": self.bootstrap, "group_id": group, "auto_offset_reset": "earliest",
            "enable_auto_commit": False, "session_timeout_ms": 10000, "heartbeat_interval_ms": 500,
            "fetch_max_wait_ms": 100, "metadata_max_age_ms": 1000, **config}))

    def reader(self, topic, **config) -> KafkaConsumer:
        consumer = self.consumer(**config)
        partitions = until("partitions", lambda: consumer.partitions_for_topic(topic))
        consumer.assign([TopicPartition(topic, p) for p in partitions])
        consumer.seek_to_beginning()
        return consumer

    def fill(self, topic, count, partition=0):
        send(self.producer(), [dict(topic=topic, partition=partition, value=b"%d" % i) for i in range(count)])


def send(producer, records) -> list:
    """Sends and returns the acknowledgements; an unacknowledged record raises."""
    futures = [producer.send(**record) for record in records]
    producer.flush(DEADLINE)
    return [future.get(DEADLINE) for future in futures]


def take(consumer, count) -> list:
    got = []

    def enough():
        for records in consumer.poll(200).values():
            got.extend(records)
        return len(got) >= count

    until(f"read {count} records", enough)
    equal(count, len(got), "records read")
    return got


def round_trip(lab):
    topic = lab.topic(3)
    sent = list(sample_records(300, 3))
    acks = send(lab.producer(), [dict(topic=topic, partition=p, timestamp_ms=t, key=k, value=v, headers=h)
                                 for p, t, k, v, h in sent])
    equal([(i % 3, i // 3) for i in range(300)], [(a.partition, a.offset) for a in acks], "acks")
    for m in take(lab.reader(topic), len(sent)):
        _, timestamp, key, value, headers = sent[m.offset * 3 + m.partition]
        equal((key, value, headers, timestamp), (m.key, m.value, list(m.headers), m.timestamp), "record")


def codec(name):
    def check(lab):
        topic, values = lab.topic(), list(compressible(500))
        send(lab.producer(compression_type=name, linger_ms=50, batch_size=65536), [dict(topic=topic, value=v) for v in values])
        equal(values, [m.value for m in take(lab.reader(topic), len(values))], "values")
    return check


def idempotent_order(lab):
    topic = lab.topic(4)
    producer = lab.producer(enable_idempotence=True, linger_ms=0, batch_size=512, max_in_flight_requests_per_connection=5)
    send(producer, [dict(topic=topic, key=b"k%d" % (i % 8), value=b"%d" % (i // 8)) for i in range(4000)])
    seen = {}
    for m in take(lab.reader(topic), 4000):
        seen.setdefault(m.key, []).append(int(m.value))
    equal([list(range(500))] * 8, list(seen.values()), "order per key")


def acks_levels(lab):
    topic = lab.topic()
    for acks in (0, 1, "all"):
        producer = lab.producer(acks=acks, enable_idempotence=False)
        send(producer, [dict(topic=topic, value=b"v")] * 50)
        producer.close()
    take(lab.reader(topic), 150)


def large_message(lab):
    topic, wide = lab.topic(), lab.topic(name="wide", max_message_bytes=4_000_000)
    producer = lab.producer(max_request_size=10_000_000)
    large = bytes(range(256)) * 12_000
    send(producer, [dict(topic=topic, value=large[:1_000_000])])
    with raises(MessageSizeTooLargeError):
        send(producer, [dict(topic=topic, value=large)])
    send(lab.producer(max_request_size=10_000_000), [dict(topic=wide, value=large)])
    equal(large, take(lab.reader(wide), 1)[0].value, "large value")
    take(lab.reader(topic), 1)


def auto_create(lab):
    topic = lab.name("auto")
    send(lab.producer(), [dict(topic=topic, value=b"first")])
    equal(b"first", take(lab.reader(topic), 1)[0].value, "value")


def log_append_time(lab):
    topic = lab.topic(message_timestamp_type="LogAppendTime")
    before = time.time() * 1000
    ack, = send(lab.producer(compression_type="zstd"), [dict(topic=topic, value=b"v", timestamp_ms=1000)])
    got = take(lab.reader(topic), 1)[0]
    equal((1, ack.timestamp), (got.timestamp_type, got.timestamp), "timestamp")
    assert abs(got.timestamp - before) < 30_000, got.timestamp


def small_fetches(lab):
    topic = lab.topic(2)
    producer = lab.producer(batch_size=50_000)
    send(producer, [dict(topic=topic, partition=i % 2, value=bytes(2000)) for i in range(100)])
    take(lab.reader(topic, fetch_max_bytes=1, max_partition_fetch_bytes=1, max_poll_records=7), 100)


class Member:
    """A group member that polls on a thread of its own: this client makes progress in a rebalance only while polled."""

    def __init__(self, lab, topic, group, **config):
        self.records, self.stopped = 0, threading.Event()
        self.consumer = lab.consumer(topic, group=group, **config)
        # It hears of the topic before it joins. Where a join is faster than that, kafka-python 3.0.12 joins again for what it has heard
        # since (`need_rejoin`, by its snapshots), and when that outlasts a poll it never takes the answer that it gets: the future of
        # the join is done, `rejoining` stays true and `rejoin_needed` false.
        until("the topic is known", lambda: self.consumer.partitions_for_topic(topic))
        self.thread = threading.Thread(target=self._poll, daemon=True)
        lab.keep(self)
        self.thread.start()

    def _poll(self):
        while not self.stopped.is_set():
            self.records += sum(map(len, self.consumer.poll(100).values()))

    def owned(self):
        return self.consumer.assignment()

    def close(self):
        self.stopped.set()
        self.thread.join(DEADLINE)
        self.consumer.close()


def await_shares(members, *shares):
    def settled():
        owned = [m.owned() for m in members]
        return [len(o) for o in owned] == list(shares) and len(set().union(*owned)) == PARTITIONS
    until(f"shares {shares}", settled)


def rebalance(assignor):
    def check(lab):
        topic, group = lab.topic(PARTITIONS), lab.name("g")
        members = []
        for shares in ((6,), (3, 3), (2, 2, 2)):
            members.append(Member(lab, topic, group, partition_assignment_strategy=[assignor]))
            await_shares(members, *shares)
        members.pop(1).close()
        await_shares(members, 3, 3)
        for partition in range(PARTITIONS):
            lab.fill(topic, 10, partition)
        until("all records read once", lambda: sum(m.records for m in members) == 60)
    return check


def group_static(lab):
    topic, group = lab.topic(PARTITIONS), lab.name("g")
    one, two = (Member(lab, topic, group, group_instance_id=i) for i in ("one", "two"))
    await_shares([one, two], 3, 3)
    before, generation = two.owned(), one.consumer.group_metadata().generation_id
    two.close()
    again = Member(lab, topic, group, group_instance_id="two")
    await_shares([one, again], 3, 3)
    equal(before, again.owned(), "a static member gets its partitions back")
    equal(generation, one.consumer.group_metadata().generation_id, "without a rebalance")


def commit_resume(lab):
    topic, group = lab.topic(), lab.name("g")
    lab.fill(topic, 100)
    part = TopicPartition(topic, 0)
    first = lab.consumer(topic, group=group, max_poll_records=10)
    until("first poll", lambda: first.poll(200))
    text = "half way, über ☃"
    first.commit({part: OffsetAndMetadata(40, text, -1)})
    first.close()
    second = lab.consumer(topic, group=group)
    equal(40, take(second, 60)[0].offset, "resumes where it was committed")
    equal(text, second.committed(part, metadata=True).metadata, "metadata")
    second.commit()
    equal(100, second.committed(part), "commit of the position")


def timed(lab, topic) -> int:
    """100 records whose timestamps are 10 ms apart; returns the first."""
    base = int(time.time() * 1000) - 10_000
    send(lab.producer(batch_size=300), [
        dict(topic=topic, partition=0, timestamp_ms=base + i * 10, value=b"v%d" % i) for i in range(100)])
    return base


def seek(lab):
    topic = lab.topic()
    base = timed(lab, topic)
    part = TopicPartition(topic, 0)
    consumer = lab.reader(topic)
    consumer.seek(part, 70)
    equal(70, take(consumer, 30)[0].offset, "seek by offset")
    found = consumer.offsets_for_times({part: base + 455})[part]
    equal((46, base + 460), (found.offset, found.timestamp), "first record at or after the time")
    equal(None, consumer.offsets_for_times({part: base + 5000})[part], "nothing after the end")
    equal({part: 0}, consumer.beginning_offsets([part]), "beginning")
    equal({part: 100}, consumer.end_offsets([part]), "end")
    strict = lab.reader(topic, auto_offset_reset="none")
    strict.seek(part, 1000)
    with raises(OffsetOutOfRangeError):
        take(strict, 1)


def list_offsets(lab):
    topic = lab.topic()
    part = TopicPartition(topic, 0)
    base = timed(lab, topic)
    send(lab.producer(), [dict(topic=topic, partition=0, timestamp_ms=base + 10, value=b"late but old")])
    for expected, spec in ((0, OffsetSpec.EARLIEST), (101, OffsetSpec.LATEST), (99, OffsetSpec.MAX_TIMESTAMP), (50, base + 491)):
        equal(expected, lab.admin.list_partition_offsets({part: spec})[part].offset, f"offset of {spec}")


def delete_records(lab):
    topic = lab.topic()
    part = TopicPartition(topic, 0)
    lab.fill(topic, 100)
    equal(60, lab.admin.delete_records({part: 60})[part]["low_watermark"], "low watermark")
    equal(60, take(lab.reader(topic), 40)[0].offset, "first record left")
    lab.admin.delete_records({part: -1})
    with raises(OffsetOutOfRangeError):
        lab.admin.delete_records({part: 101})
    lab.fill(topic, 1)
    equal(100, take(lab.reader(topic), 1)[0].offset, "offsets go on")


def read_committed(lab):
    topic = lab.topic()
    lab.fill(topic, 100)
    take(lab.reader(topic, isolation_level="read_committed"), 100)


def admin_topics(lab):
    topic = lab.topic(3, retention_ms=1234567)
    for name, partitions, replicas, expected in (
        (topic, 1, 1, TopicAlreadyExistsError),
        ("no spaces allowed", 1, 1, InvalidTopicError),
        (lab.name("rf"), 1, 9, InvalidReplicationFactorError),
        (lab.name("zero"), 0, 1, InvalidPartitionsError),
    ):
        with raises(expected):
            lab.admin.create_topics({name: {"num_partitions": partitions, "replication_factor": replicas}})
    lab.admin.create_topics({lab.name("dry"): {"num_partitions": 1, "replication_factor": 1}}, validate_only=True)
    names = lab.admin.list_topics()
    assert topic in names and lab.name("dry") not in names
    described, = lab.admin.describe_topics([topic])
    equal(3, len(described["partitions"]), "partitions")
    lab.admin.delete_topics([topic])
    until("gone", lambda: topic not in lab.admin.list_topics())
    with raises(UnknownTopicOrPartitionError):
        lab.admin.delete_topics([topic])


def admin_partitions(lab):
    topic = lab.topic(2)
    lab.admin.create_partitions({topic: 5})
    until("five partitions", lambda: len(lab.admin.describe_topics([topic])[0]["partitions"]) == 5)
    lab.fill(topic, 5, partition=4)
    take(lab.reader(topic), 5)
    with raises(InvalidPartitionsError):
        lab.admin.create_partitions({topic: 3})


def admin_configs(lab):
    topic = lab.topic()

    def value(key):
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        described = lab.admin.describe_configs([resource], config_filter="all")
        return described["topic"][topic][key]["value"]

    def alter(key, new, incremental=True):
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, {key: new})
        return lab.admin.alter_configs([resource], raise_on_unknown=False, incremental=incremental)["topic"][topic]

    default = value("retention.ms")
    for incremental in (True, False):
        equal("OK", alter("retention.ms", f"720000{incremental:d}", incremental), "altered")
        until("value set", lambda: value("retention.ms") == f"720000{incremental:d}")
    lab.admin.reset_configs([ConfigResource(ConfigResourceType.TOPIC, topic, ["retention.ms"])])
    until("back to the default", lambda: value("retention.ms") == default)
    for key in ("retention.ms", "no.such.key"):
        refusal = alter(key, "soon")
        assert "InvalidConfiguration" in refusal, refusal


def admin_groups(lab):
    topic, group = lab.topic(2), lab.name("g")
    lab.fill(topic, 10)
    consumer = lab.consumer(topic, group=group, client_id="the-client")
    take(consumer, 10)
    consumer.commit()
    described = lab.admin.describe_groups([group])[group]
    equal("Stable", described["group_state"], "state")
    equal(["the-client"], [m["client_id"] for m in described["members"]], "members")
    assert group in [g["group_id"] for g in lab.admin.list_groups()]
    equal({group: "NonEmptyGroupError"}, lab.admin.delete_groups([group]), "a group in use stays")
    consumer.close()
    until("empty", lambda: lab.admin.describe_groups([group])[group]["group_state"] == "Empty")
    equal({group: "OK"}, lab.admin.delete_groups([group]), "deleted")
    equal({group: "GroupIdNotFoundError"}, lab.admin.delete_groups([group]), "deleted twice")


def admin_offsets(lab):
    topic, group = lab.topic(2), lab.name("g")
    lab.fill(topic, 10)
    zero, one = TopicPartition(topic, 0), TopicPartition(topic, 1)
    lab.admin.alter_group_offsets(group, {zero: OffsetAndMetadata(7, "by hand", -1), one: OffsetAndMetadata(0, "", -1)})
    listed = lab.admin.list_group_offsets(group)[group]
    equal((7, "by hand"), (listed[zero].offset, listed[zero].metadata), "listed")
    consumer = lab.consumer(topic, group=group)
    equal(7, take(consumer, 3)[0].offset, "a consumer starts there")
    consumer.close()
    lab.admin.delete_group_offsets(group, [zero])
    listed = lab.admin.list_group_offsets(group)[group]
    assert zero not in listed or listed[zero].offset < 0, listed
    equal(0, listed[one].offset, "the other offset stays")


def describe_cluster(lab):
    cluster = lab.admin.describe_cluster()
    assert cluster["cluster_id"]
    equal([lab.bootstrap], [f"{b['host']}:{b['port']}" for b in cluster["brokers"]], "advertised addresses")


CHECKS = {
    "round_trip": round_trip,
    **{f"codec_{name}": codec(None if name == "none" else name) for name in ("none", "gzip", "snappy", "lz4", "zstd")},
    "idempotent_order": idempotent_order, "acks_levels": acks_levels, "large_message": large_message,
    "auto_create": auto_create, "log_append_time": log_append_time, "small_fetches": small_fetches,
    "group_eager": rebalance(RangePartitionAssignor), "group_cooperative": rebalance(CooperativeStickyAssignor),
    "group_static": group_static, "commit_resume": commit_resume, "seek": seek, "list_offsets": list_offsets,
    "delete_records": delete_records, "read_committed": read_committed, "admin_topics": admin_topics,
    "admin_partitions": admin_partitions, "admin_configs": admin_configs, "admin_groups": admin_groups,
    "admin_offsets": admin_offsets, "describe_cluster": describe_cluster,
}

if __name__ == "__main__":
    main("kafka-python", CHECKS, KafkaPythonLab)
