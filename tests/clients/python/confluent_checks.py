"""The list of checks with confluent-kafka (current librdkafka)."""

import time

from confluent_kafka import (
    Consumer, ConsumerGroupState, ConsumerGroupTopicPartitions, IsolationLevel, KafkaError, KafkaException, Producer,
    TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME, TopicCollection, TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic, OffsetSpec, ResourceType,
)
from lab import DEADLINE, Lab, compressible, equal, main, raises, sample_records, until

PARTITIONS = 6


class ConfluentLab(Lab):
    def __init__(self, *args):
        super().__init__(*args)
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap})

    def topic(self, partitions=1, name="t", **config) -> str:
        topic = self.name(name)
        config = {k.replace("_", "."): str(v) for k, v in config.items()}
        done(self.admin.create_topics([NewTopic(topic, partitions, 1, config=config)]))
        return topic

    def producer(self, **config) -> Producer:
        config = {k.replace("_", "."): v for k, v in config.items()}
        return Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5, "message.timeout.ms": 30000,
                         "enable.idempotence": True, **config})

    def consumer(self, group=None, **config) -> Consumer:
        config = {k.replace("_", "."): v for k, v in config.items()}
        return self.keep(Consumer({
            "bootstrap.servers": self.bootstrap, "group.id": group or self.name("reader"), "auto.offset.reset": "earliest",
            "enable.auto.commit": False, "session.timeout.ms": 10000, "heartbeat.interval.ms": 500,
            "topic.metadata.refresh.interval.ms": 1000, "fetch.wait.max.ms": 100, **config}))

    def reader(self, topic, offset=0, **config) -> Consumer:
        consumer = self.consumer(**config)
        partitions = consumer.list_topics(topic, timeout=DEADLINE).topics[topic].partitions
        consumer.assign([TopicPartition(topic, p, offset) for p in partitions])
        return consumer

    def fill(self, topic, count, partition=0, **config):
        send(self.producer(**config), [dict(topic=topic, partition=partition, value=b"%d" % i) for i in range(count)])


def done(futures: dict):
    """The results of admin futures."""
    return {key: future.result(DEADLINE) for key, future in futures.items()}


def send(producer, records) -> list:
    """Sends and returns what was acknowledged; an unacknowledged record raises."""
    acked = []

    def delivered(error, message):
        if error:
            raise KafkaException(error)
        acked.append(message)

    for record in records:
        producer.produce(**record, on_delivery=delivered)
        producer.poll(0)
    equal(0, producer.flush(DEADLINE), "records left in the queue")
    return acked


def take(consumer, count) -> list:
    got = []

    def enough():
        for message in consumer.consume(1000, 0.2):
            if message.error():
                raise KafkaException(message.error())
            got.append(message)
        return len(got) >= count

    until(f"read {count} records", enough)
    equal(count, len(got), "records read")
    return got


def code(expected):
    return lambda error: error.args[0].code() == expected


def round_trip(lab):
    topic = lab.topic(3)
    sent = list(sample_records(300, 3))
    acked = send(lab.producer(), [
        dict(topic=topic, partition=p, timestamp=t, key=k, value=v, headers=h) for p, t, k, v, h in sent])
    equal(sorted((i % 3, i // 3) for i in range(300)), sorted((m.partition(), m.offset()) for m in acked), "acks")
    for m in take(lab.reader(topic), len(sent)):
        _, timestamp, key, value, headers = sent[m.offset() * 3 + m.partition()]
        equal((key, value, headers or None), (m.key(), m.value(), m.headers()), "record")
        equal((TIMESTAMP_CREATE_TIME, timestamp), m.timestamp(), "timestamp")
        assert m.leader_epoch() >= 0


def codec(name):
    def check(lab):
        topic, values = lab.topic(), list(compressible(500))
        send(lab.producer(compression_type=name, linger_ms=50), [dict(topic=topic, value=v) for v in values])
        equal(values, [m.value() for m in take(lab.reader(topic, check_crcs=True), len(values))], "values")
        if name != "none":
            small = lab.topic(name="small", max_message_bytes=50_000)
            send(lab.producer(compression_type=name), [dict(topic=small, value=b"x" * 500_000)])
    return check


def idempotent_order(lab):
    topic = lab.topic(4)
    producer = lab.producer(linger_ms=0, batch_num_messages=10, max_in_flight=5)
    send(producer, [dict(topic=topic, key=b"k%d" % (i % 8), value=b"%d" % (i // 8)) for i in range(4000)])
    seen = {}
    for m in take(lab.reader(topic), 4000):
        seen.setdefault(m.key(), []).append(int(m.value()))
    equal([list(range(500))] * 8, list(seen.values()), "order per key")


def acks_levels(lab):
    topic = lab.topic()
    for acks in (0, 1, -1):
        send(lab.producer(acks=acks, enable_idempotence=False), [dict(topic=topic, value=b"v")] * 50)
    take(lab.reader(topic), 150)


def large_message(lab):
    topic, wide = lab.topic(), lab.topic(name="wide", max_message_bytes=4_000_000)
    producer = lab.producer(message_max_bytes=10_000_000)
    large = bytes(range(256)) * 12_000
    send(producer, [dict(topic=topic, value=large[:1_000_000])])
    with raises(KafkaException, code(KafkaError.MSG_SIZE_TOO_LARGE)):
        send(lab.producer(message_max_bytes=10_000_000, enable_idempotence=False), [dict(topic=topic, value=large)])
    send(producer, [dict(topic=wide, value=large)])
    equal(large, take(lab.reader(wide), 1)[0].value(), "large value")
    take(lab.reader(topic), 1)


def auto_create(lab):
    topic = lab.name("auto")
    send(lab.producer(), [dict(topic=topic, value=b"first")])
    equal(b"first", take(lab.reader(topic), 1)[0].value(), "value")


def log_append_time(lab):
    topic = lab.topic(message_timestamp_type="LogAppendTime")
    before = time.time() * 1000
    send(lab.producer(compression_type="zstd"), [dict(topic=topic, value=b"v", timestamp=1000)])
    kind, at = take(lab.reader(topic, check_crcs=True), 1)[0].timestamp()
    equal(TIMESTAMP_LOG_APPEND_TIME, kind, "timestamp type")
    assert abs(at - before) < 30_000, at


def small_fetches(lab):
    topic = lab.topic(2)
    for partition in (0, 1):
        send(lab.producer(), [dict(topic=topic, partition=partition, value=bytes(2000))] * 50)
    take(lab.reader(topic, fetch_message_max_bytes=1, fetch_max_bytes=1000, message_max_bytes=1000), 100)


class Member:
    """A group member that notes what is taken from it."""

    def __init__(self, lab, topic, group, **config):
        self.consumer = lab.consumer(group, **config)
        self.revoked, self.records = set(), 0
        self.consumer.subscribe([topic], on_revoke=lambda _, parts: self.revoked.update(p.partition for p in parts))

    def poll(self):
        self.records += len([m for m in self.consumer.consume(100, 0.05) if not m.error()])

    def owned(self) -> set:
        return {p.partition for p in self.consumer.assignment()}


def await_shares(members, *shares):
    def settled():
        for member in members:
            member.poll()
        owned = [m.owned() for m in members]
        return [len(o) for o in owned] == list(shares) and len(set().union(*owned)) == PARTITIONS
    until(f"shares {shares}", settled)


def rebalance(assignor, taken):
    def check(lab):
        topic, group = lab.topic(PARTITIONS), lab.name("g")
        members = []
        for shares in ((6,), (3, 3), (2, 2, 2)):
            members.append(Member(lab, topic, group, partition_assignment_strategy=assignor))
            await_shares(members, *shares)
            if len(members) == 2:
                equal(taken, len(members[0].revoked), "partitions the first member had to give up")
        members.pop(1).consumer.close()
        await_shares(members, 3, 3)
        for partition in range(PARTITIONS):
            lab.fill(topic, 10, partition)

        def all_read():
            for member in members:
                member.poll()
            return sum(m.records for m in members) == 60
        until("all records read once", all_read)
    return check


def group_static(lab):
    topic, group = lab.topic(PARTITIONS), lab.name("g")
    one, two = (Member(lab, topic, group, group_instance_id=i) for i in ("one", "two"))
    await_shares([one, two], 3, 3)
    before = two.owned()
    two.consumer.close()
    one.revoked.clear()
    again = Member(lab, topic, group, group_instance_id="two")
    await_shares([one, again], 3, 3)
    equal(before, again.owned(), "a static member gets its partitions back")
    equal(set(), one.revoked, "without a rebalance")


def group_takeover(lab):
    topic, group = lab.topic(PARTITIONS), lab.name("g")
    stays = Member(lab, topic, group)
    vanishes = Member(lab, topic, group, session_timeout_ms=6000, max_poll_interval_ms=6000)
    await_shares([stays, vanishes], 3, 3)
    await_shares([stays], PARTITIONS)


def commit_resume(lab):
    topic, group = lab.topic(), lab.name("g")
    lab.fill(topic, 100)
    first = lab.consumer(group)
    first.subscribe([topic])
    until("first poll", lambda: first.consume(10, 0.2))
    text = "half way, über ☃"
    first.commit(offsets=[TopicPartition(topic, 0, 40, text)], asynchronous=False)
    first.close()
    second = lab.consumer(group)
    second.subscribe([topic])
    equal(40, take(second, 60)[0].offset(), "resumes where it was committed")
    equal(text, second.committed([TopicPartition(topic, 0)], DEADLINE)[0].metadata, "metadata")
    second.commit(asynchronous=False)
    equal(100, second.committed([TopicPartition(topic, 0)], DEADLINE)[0].offset, "commit of the position")


def timed(lab, topic) -> int:
    """100 records whose timestamps are 10 ms apart; returns the first."""
    base = int(time.time() * 1000) - 10_000
    send(lab.producer(batch_num_messages=7), [
        dict(topic=topic, partition=0, timestamp=base + i * 10, value=b"v%d" % i) for i in range(100)])
    return base


def seek(lab):
    topic = lab.topic()
    base = timed(lab, topic)
    consumer = lab.reader(topic)
    take(consumer, 100)
    consumer.seek(TopicPartition(topic, 0, 70))
    equal(70, take(consumer, 30)[0].offset(), "seek by offset")

    def at(time_ms):
        return consumer.offsets_for_times([TopicPartition(topic, 0, time_ms)], DEADLINE)[0].offset
    equal(46, at(base + 455), "first record at or after the time")
    equal(-1, at(base + 5000), "nothing after the end")
    equal((0, 100), consumer.get_watermark_offsets(TopicPartition(topic, 0), DEADLINE), "watermarks")
    strict = lab.reader(topic, offset=1000, auto_offset_reset="error")
    with raises(KafkaException, code(KafkaError._AUTO_OFFSET_RESET)):
        take(strict, 1)


def list_offsets(lab):
    topic = lab.topic()
    base = timed(lab, topic)
    send(lab.producer(), [dict(topic=topic, partition=0, timestamp=base + 10, value=b"late but old")])

    def at(spec):
        return done(lab.admin.list_offsets({TopicPartition(topic, 0): spec}))[TopicPartition(topic, 0)].offset
    equal(0, at(OffsetSpec.earliest()), "earliest")
    equal(101, at(OffsetSpec.latest()), "latest")
    equal(99, at(OffsetSpec.max_timestamp()), "largest timestamp")
    equal(50, at(OffsetSpec.for_timestamp(base + 491)), "timestamp")


def delete_records(lab):
    topic = lab.topic()
    lab.fill(topic, 100)
    part = TopicPartition(topic, 0)
    equal(60, done(lab.admin.delete_records([TopicPartition(topic, 0, 60)]))[part].low_watermark, "low watermark")
    equal(60, take(lab.reader(topic), 40)[0].offset(), "first record left")
    done(lab.admin.delete_records([TopicPartition(topic, 0, -1)]))
    with raises(KafkaException, code(KafkaError.OFFSET_OUT_OF_RANGE)):
        done(lab.admin.delete_records([TopicPartition(topic, 0, 101)]))
    lab.fill(topic, 1)
    equal(100, take(lab.reader(topic), 1)[0].offset(), "offsets go on")


def read_committed(lab):
    topic = lab.topic()
    lab.fill(topic, 100)
    take(lab.reader(topic, isolation_level="read_committed"), 100)


def admin_topics(lab):
    topic = lab.topic(3, retention_ms=1234567)
    for name, partitions, replicas, expected in (
        (topic, 1, 1, KafkaError.TOPIC_ALREADY_EXISTS),
        ("no spaces allowed", 1, 1, KafkaError.TOPIC_EXCEPTION),
        (lab.name("rf"), 1, 9, KafkaError.INVALID_REPLICATION_FACTOR),
    ):
        with raises(KafkaException, code(expected)):
            done(lab.admin.create_topics([NewTopic(name, partitions, replicas)]))
    done(lab.admin.create_topics([NewTopic(lab.name("dry"), 1, 1)], validate_only=True))
    names = lab.admin.list_topics(timeout=DEADLINE).topics
    assert topic in names and lab.name("dry") not in names
    described = done(lab.admin.describe_topics(TopicCollection([topic])))[topic]
    equal(3, len(described.partitions), "partitions")
    for partition in described.partitions:
        equal((1, 1), (len(partition.replicas), len(partition.isr)), "replicas and in-sync replicas")
    done(lab.admin.delete_topics([topic]))
    until("gone", lambda: topic not in lab.admin.list_topics(timeout=DEADLINE).topics)
    with raises(KafkaException, code(KafkaError.UNKNOWN_TOPIC_OR_PART)):
        done(lab.admin.delete_topics([topic]))


def admin_partitions(lab):
    topic = lab.topic(2)
    done(lab.admin.create_partitions([NewPartitions(topic, 5)]))
    until("five partitions", lambda: len(lab.admin.list_topics(topic, DEADLINE).topics[topic].partitions) == 5)
    lab.fill(topic, 5, partition=4)
    take(lab.reader(topic), 5)
    with raises(KafkaException, code(KafkaError.INVALID_PARTITIONS)):
        done(lab.admin.create_partitions([NewPartitions(topic, 3)]))


def admin_configs(lab):
    topic = lab.topic()

    def value(key):
        resource = ConfigResource(ResourceType.TOPIC, topic)
        return done(lab.admin.describe_configs([resource]))[resource][key].value

    def alter(key, new, op):
        entry = ConfigEntry(key, new, incremental_operation=op)
        before = value(key) if key != "no.such.key" else None
        done(lab.admin.incremental_alter_configs([ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])]))
        until(f"the change of {key} is visible", lambda: value(key) != before)

    default = value("retention.ms")
    alter("retention.ms", "7200000", AlterConfigOpType.SET)
    equal("7200000", value("retention.ms"), "value set")
    alter("cleanup.policy", "compact", AlterConfigOpType.APPEND)
    equal("delete,compact", value("cleanup.policy"), "appended")
    alter("retention.ms", None, AlterConfigOpType.DELETE)
    equal(default, value("retention.ms"), "back to the default")
    for key in ("retention.ms", "no.such.key"):
        with raises(KafkaException, code(KafkaError.INVALID_CONFIG)):
            alter(key, "soon", AlterConfigOpType.SET)


def admin_groups(lab):
    topic, group = lab.topic(2), lab.name("g")
    lab.fill(topic, 10)
    consumer = lab.consumer(group, client_id="the-client")
    consumer.subscribe([topic])
    take(consumer, 10)
    consumer.commit(asynchronous=False)
    described = done(lab.admin.describe_consumer_groups([group]))[group]
    equal(ConsumerGroupState.STABLE, described.state, "state")
    equal(["the-client"], [m.client_id for m in described.members], "members")
    equal({0, 1}, {p.partition for p in described.members[0].assignment.topic_partitions}, "assignment")
    assert group in [g.group_id for g in lab.admin.list_consumer_groups().result(DEADLINE).valid]
    with raises(KafkaException, code(KafkaError.NON_EMPTY_GROUP)):
        done(lab.admin.delete_consumer_groups([group]))
    consumer.close()
    until("empty", lambda: done(lab.admin.describe_consumer_groups([group]))[group].state == ConsumerGroupState.EMPTY)
    done(lab.admin.delete_consumer_groups([group]))
    with raises(KafkaException, code(KafkaError.GROUP_ID_NOT_FOUND)):
        done(lab.admin.delete_consumer_groups([group]))


def admin_offsets(lab):
    topic, group = lab.topic(2), lab.name("g")
    lab.fill(topic, 10)
    offsets = [TopicPartition(topic, 0, 7, "by hand"), TopicPartition(topic, 1, 0)]
    done(lab.admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, offsets)]))
    listed = done(lab.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]))[group].topic_partitions
    equal([(0, 7, "by hand"), (1, 0)],
          sorted((p.partition, p.offset, *([p.metadata] if p.metadata else [])) for p in listed), "listed")
    consumer = lab.consumer(group)
    consumer.subscribe([topic])
    equal(7, take(consumer, 3)[0].offset(), "a consumer starts there")


def describe_cluster(lab):
    cluster = lab.admin.describe_cluster().result(DEADLINE)
    assert cluster.cluster_id and cluster.controller is not None
    equal([lab.bootstrap], [f"{n.host}:{n.port}" for n in cluster.nodes], "advertised addresses")


def transactional(lab, name, **config):
    producer = lab.producer(transactional_id=lab.name(name), **config)
    producer.init_transactions(DEADLINE)
    return producer


def write(producer, topic, *values, partition=0):
    for value in values:
        producer.produce(topic, value.encode(), partition=partition)


def values(messages):
    return [m.value().decode() for m in messages]


def stable(lab, topic, partition=0):
    """What may be read of committed records: where the oldest open transaction begins."""
    part = TopicPartition(topic, partition)
    return done(lab.admin.list_offsets({part: OffsetSpec.latest()}, isolation_level=IsolationLevel.READ_COMMITTED))[part].offset


def txn_commit_abort(lab):
    topic = lab.topic(2)
    one, other = transactional(lab, "one"), transactional(lab, "other")
    one.begin_transaction()
    write(one, topic, "a", "b")
    write(one, topic, "c", partition=1)
    one.commit_transaction(DEADLINE)
    one.begin_transaction()
    write(one, topic, "aborted")
    one.flush(DEADLINE)
    other.begin_transaction()
    write(other, topic, "d")
    other.commit_transaction(DEADLINE)
    equal(3, stable(lab, topic), "last stable offset while a transaction is open")
    committed = lab.reader(topic, isolation_level="read_committed")
    equal({"a", "b", "c"}, set(values(take(committed, 3))), "before the end of the first one")
    one.abort_transaction(DEADLINE)
    equal(["d"], values(take(committed, 1)), "behind the aborted one")
    one.begin_transaction()
    write(one, topic, "e")
    one.commit_transaction(DEADLINE)
    equal(["e"], values(take(committed, 1)), "the next transaction")
    take(lab.reader(topic, isolation_level="read_uncommitted"), 6)
    take(lab.reader(topic, isolation_level="read_committed"), 5)


def txn_many(lab):
    topic, producer, expected = lab.topic(4), transactional(lab, "many", linger_ms=0), []
    for i in range(60):
        producer.begin_transaction()
        for partition in range(4):
            write(producer, topic, f"{i}:{partition}", partition=partition)
        if i % 3 == 0:
            producer.abort_transaction(DEADLINE)
        else:
            producer.commit_transaction(DEADLINE)
            expected += [f"{i}:{partition}" for partition in range(4)]
    got = take(lab.reader(topic, isolation_level="read_committed"), len(expected))
    for partition in range(4):
        equal([v for v in expected if v.endswith(f":{partition}")],
              values(m for m in got if m.partition() == partition), f"partition {partition}")


def txn_offsets(lab):
    source, target, group = lab.topic(name="from"), lab.topic(name="to"), lab.name("g")
    lab.fill(source, 10)
    consumer = lab.consumer(group, isolation_level="read_committed")
    consumer.subscribe([source])
    take(consumer, 10)
    producer = transactional(lab, "copy")

    def committed():
        return consumer.committed([TopicPartition(source, 0)], DEADLINE)[0].offset
    producer.begin_transaction()
    write(producer, target, "not this")
    producer.send_offsets_to_transaction([TopicPartition(source, 0, 7)], consumer.consumer_group_metadata(), DEADLINE)
    producer.abort_transaction(DEADLINE)
    assert committed() < 0, "an aborted transaction commits no offset"
    producer.begin_transaction()
    write(producer, target, "this")
    producer.send_offsets_to_transaction([TopicPartition(source, 0, 4)], consumer.consumer_group_metadata(), DEADLINE)
    producer.commit_transaction(DEADLINE)
    equal(4, committed(), "a committed one does")
    equal(["this"], values(take(lab.reader(target, isolation_level="read_committed"), 1)), "what is copied")
    consumer.close()
    again = lab.consumer(group, isolation_level="read_committed")
    again.subscribe([source])
    equal(4, take(again, 6)[0].offset(), "where the next member goes on")


def txn_fencing(lab):
    topic = lab.topic()
    zombie = transactional(lab, "same")
    zombie.begin_transaction()
    write(zombie, topic, "zombie")
    zombie.flush(DEADLINE)
    successor = transactional(lab, "same")
    successor.begin_transaction()
    write(successor, topic, "successor")
    successor.commit_transaction(DEADLINE)
    fenced = (KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH)
    with raises(KafkaException, lambda error: error.args[0].code() in fenced):
        write(zombie, topic, "late")
        zombie.commit_transaction(DEADLINE)
    equal(["successor"], values(take(lab.reader(topic, isolation_level="read_committed"), 1)), "committed")


def txn_timeout(lab):
    topic = lab.topic()
    slow = transactional(lab, "slow", transaction_timeout_ms=1000, message_timeout_ms=1000)
    slow.begin_transaction()
    write(slow, topic, "too slow")
    slow.flush(DEADLINE)
    equal(0, stable(lab, topic), "last stable offset while it is open")
    until("the last stable offset moves", lambda: stable(lab, topic) == 2)
    with raises(KafkaException, lambda error: True):
        slow.commit_transaction(DEADLINE)
    following = transactional(lab, "slow")
    following.begin_transaction()
    write(following, topic, "in time")
    following.commit_transaction(DEADLINE)
    equal(["in time"], values(take(lab.reader(topic, isolation_level="read_committed"), 1)), "committed")


CHECKS = {
    "round_trip": round_trip,
    **{f"codec_{name}": codec(name) for name in ("none", "gzip", "snappy", "lz4", "zstd")},
    "idempotent_order": idempotent_order, "acks_levels": acks_levels, "large_message": large_message,
    "auto_create": auto_create, "log_append_time": log_append_time, "small_fetches": small_fetches,
    "group_eager": rebalance("range", 6), "group_cooperative": rebalance("cooperative-sticky", 3),
    "group_static": group_static, "group_takeover": group_takeover, "commit_resume": commit_resume, "seek": seek,
    "list_offsets": list_offsets, "delete_records": delete_records, "read_committed": read_committed,
    "admin_topics": admin_topics, "admin_partitions": admin_partitions, "admin_configs": admin_configs,
    "admin_groups": admin_groups, "admin_offsets": admin_offsets, "describe_cluster": describe_cluster,
    "txn_commit_abort": txn_commit_abort, "txn_many": txn_many, "txn_offsets": txn_offsets, "txn_fencing": txn_fencing,
    "txn_timeout": txn_timeout,
}

if __name__ == "__main__":
    main("confluent", CHECKS, ConfluentLab)
