"""The list of checks with aiokafka (asyncio, old protocol versions); admin is left to the other Python clients."""

import time
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.structs import OffsetAndMetadata
from lab import DEADLINE, Lab, compressible, equal, main, raises, sample_records

PARTITIONS = 6


class AioKafkaLab(Lab):
    async def topic(self, partitions=1, name="t", **config) -> str:
        topic = self.name(name)
        config = {k.replace("_", "."): str(v) for k, v in config.items()}
        async with started(AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)) as admin:
            answer = await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=config)])
            equal([0], [error for _, error, *_ in answer.topic_errors], "creation")
        return topic

    def producer(self, **config):
        return started(AIOKafkaProducer(bootstrap_servers=self.bootstrap, **{"acks": "all", "linger_ms": 5, **config}))

    def consumer(self, *topics, **config):
        return started(AIOKafkaConsumer(*topics, **{
            "bootstrap_servers": self.bootstrap, "auto_offset_reset": "earliest", "enable_auto_commit": False,
            "session_timeout_ms": 10000, "heartbeat_interval_ms": 500, "metadata_max_age_ms": 1000, **config}))

    async def send(self, records, **config):
        async with self.producer(**config) as producer:
            futures = [await producer.send(**record) for record in records]
            return [await future for future in futures]

    async def read(self, topic, count, **config):
        async with self.consumer(topic, **config) as consumer:
            return await take(consumer, count)


@asynccontextmanager
async def started(client):
    """A started client, closed or stopped whatever happens."""
    await client.start()
    try:
        yield client
    finally:
        await (client.stop() if hasattr(client, "stop") else client.close())


async def take(consumer, count) -> list:
    got, deadline = [], time.monotonic() + DEADLINE
    while len(got) < count:
        assert time.monotonic() < deadline, f"read {len(got)} of {count} records"
        for records in (await consumer.getmany(timeout_ms=200)).values():
            got.extend(records)
    equal(count, len(got), "records read")
    return got


async def round_trip(lab):
    topic = await lab.topic(3)
    sent = [r for r in sample_records(300, 3) if not (r[2] is None and r[3] is None)]
    await lab.send([dict(topic=topic, partition=p, timestamp_ms=t, key=k, value=v, headers=h) for p, t, k, v, h in sent])
    per_partition = [[r for r in sent if r[0] == p] for p in range(3)]
    for m in await lab.read(topic, len(sent)):
        _, timestamp, key, value, headers = per_partition[m.partition][m.offset]
        equal((key, value, headers, timestamp), (m.key, m.value, list(m.headers), m.timestamp), "record")


def codec(name):
    async def check(lab):
        topic, values = await lab.topic(), list(compressible(500))
        await lab.send([dict(topic=topic, value=v) for v in values], compression_type=name, linger_ms=50)
        equal(values, [m.value for m in await lab.read(topic, len(values))], "values")
    return check


async def idempotent_order(lab):
    topic = await lab.topic(4)
    await lab.send([dict(topic=topic, key=b"k%d" % (i % 8), value=b"%d" % (i // 8)) for i in range(4000)],
                   enable_idempotence=True, max_batch_size=512)
    seen = {}
    for m in await lab.read(topic, 4000):
        seen.setdefault(m.key, []).append(int(m.value))
    equal([list(range(500))] * 8, list(seen.values()), "order per key")


async def large_message(lab):
    topic = await lab.topic()
    with raises(MessageSizeTooLargeError):
        await lab.send([dict(topic=topic, value=bytes(3_000_000))], max_request_size=10_000_000, max_batch_size=10_000_000)
    await lab.send([dict(topic=topic, value=bytes(1_000_000))], max_batch_size=2_000_000)
    await lab.read(topic, 1)


async def group_eager(lab):
    topic, group = await lab.topic(PARTITIONS), lab.name("g")

    async def shares(members, *wanted):
        deadline = time.monotonic() + DEADLINE
        while True:
            for member in members:
                await member.getmany(timeout_ms=50)
            owned = [member.assignment() for member in members]
            if [len(o) for o in owned] == list(wanted) and len(frozenset().union(*owned)) == PARTITIONS:
                return
            assert time.monotonic() < deadline, f"shares {[len(o) for o in owned]} instead of {wanted}"

    async with lab.consumer(topic, group_id=group) as one:
        await shares([one], 6)
        async with lab.consumer(topic, group_id=group) as two:
            await shares([one, two], 3, 3)
        await shares([one], 6)


async def commit_resume(lab):
    topic, group = await lab.topic(), lab.name("g")
    part = TopicPartition(topic, 0)
    await lab.send([dict(topic=topic, partition=0, value=b"v")] * 100)
    async with lab.consumer(topic, group_id=group) as first:
        await take(first, 100)
        await first.commit({part: OffsetAndMetadata(40, "half way")})
    async with lab.consumer(topic, group_id=group) as second:
        equal(40, (await take(second, 60))[0].offset, "resumes where it was committed")
        await second.commit()
        equal(100, await second.committed(part), "commit of the position")


async def seek(lab):
    topic = await lab.topic()
    part = TopicPartition(topic, 0)
    base = int(time.time() * 1000) - 10_000
    await lab.send([dict(topic=topic, partition=0, timestamp_ms=base + i * 10, value=b"v") for i in range(100)])
    async with lab.consumer(topic) as consumer:
        await take(consumer, 100)
        consumer.seek(part, 70)
        equal(70, (await take(consumer, 30))[0].offset, "seek by offset")
        equal(46, (await consumer.offsets_for_times({part: base + 455}))[part].offset, "first record at or after the time")
        equal({part: 100}, await consumer.end_offsets([part]), "end")


CHECKS = {
    "round_trip": round_trip,
    **{f"codec_{name}": codec(None if name == "none" else name) for name in ("none", "gzip", "snappy", "lz4", "zstd")},
    "idempotent_order": idempotent_order, "large_message": large_message, "group_eager": group_eager,
    "commit_resume": commit_resume, "seek": seek,
}

if __name__ == "__main__":
    main("aiokafka", CHECKS, AioKafkaLab)
