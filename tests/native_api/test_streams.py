"""The native API: any broker takes any request, whoever has the partition."""

import uuid

import grpc
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from streams import Consuming, Producing, details, of_status, reason

PARTITIONS = 6


@pytest.fixture
def topic(brokers):
    name = f"native-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": ",".join(broker.bootstrap for broker in brokers)})
    admin.create_topics([NewTopic(name, PARTITIONS, 1, config={"retention.ms": "-1"})])[name].result(30)
    return name


@pytest.fixture
def pb(stubs):
    return stubs[0]


def refused(call, *args, **kwargs) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        found = call(*args, **kwargs)
        if hasattr(found, "__next__"):
            list(found)
    return caught.value


def test_what_one_broker_takes_every_other_gives(brokers, client, topic, pb):
    stubs = [client(broker) for broker in brokers]
    sent = {}
    for number, stub in enumerate(stubs):
        stream = Producing(pb, stub)
        for partition in range(PARTITIONS):
            for part in range(20):
                values = [b"%d-%d-%d-%d" % (number, partition, part, record) for record in range(5)]
                stream.send(part, topic, values, partition=partition)
                sent.setdefault(partition, {}).setdefault(number, []).extend(values)
        acks = [stream.ack() for _ in range(20 * PARTITIONS)]
        stream.close()
        for partition in range(PARTITIONS):
            mine = [ack for ack in acks if ack.partition == partition]
            assert [ack.id for ack in mine] == list(range(20)), "answers come in the order of the batches"
            offsets = [(ack.written.first_offset, ack.written.last_offset) for ack in mine]
            assert offsets == [(100 * number + 5 * part, 100 * number + 5 * part + 4) for part in range(20)]
    total = len(brokers) * 20 * 5
    for stub in stubs:
        stream = Consuming(pb, stub, topic, start=pb.Position(earliest=pb.Unit()), until_end=True)
        assert stream.starts == dict.fromkeys(range(PARTITIONS), 0)
        got = stream.rest()
        for partition in range(PARTITIONS):
            mine = [(offset, value) for p, offset, value in got if p == partition]
            assert [offset for offset, _ in mine] == list(range(total))
            assert [value for _, value in mine] == [value for number in sent[partition] for value in sent[partition][number]]
        offsets = stub.GetTopic(pb.GetTopicRequest(name=topic)).offsets
        assert [(o.partition, o.first_offset, o.end_offset, o.stable_offset) for o in offsets] == [
            (partition, 0, total, total) for partition in range(PARTITIONS)]


def test_kafka_clients_and_native_ones_see_the_same(brokers, client, topic, pb):
    bootstrap = ",".join(broker.bootstrap for broker in brokers)
    stub = client(brokers[-1])
    stream = Producing(pb, stub, durability=pb.DURABILITY_ALL)
    headers = [pb.Header(key="h", value=b"1"), pb.Header(key="h")]
    for number, codec in enumerate([pb.COMPRESSION_NONE, pb.COMPRESSION_GZIP, pb.COMPRESSION_SNAPPY, pb.COMPRESSION_LZ4, pb.COMPRESSION_ZSTD]):
        record = pb.Record(key=b"k%d" % number, value=b"v%d" % number, headers=headers, timestamp_ms=1_700_000_000_000 + number)
        assert stream.write(topic, [record, pb.Record(key=b"gone", timestamp_ms=record.timestamp_ms)], partition_key=b"k1", compression=codec).HasField("written")
    stream.close()
    kafka = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random"})
    kafka.produce(topic, b"kafka", b"k1", headers=[("a", b"b")], timestamp=1_700_000_000_900)
    assert kafka.flush(30) == 0

    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": topic, "auto.offset.reset": "earliest"})
    reader.subscribe([topic])
    got = []
    while len(got) < 11:
        message = reader.poll(30)
        assert message is not None and not message.error()
        got.append(message)
    reader.close()
    assert len({message.partition() for message in got}) == 1, "a key has its partition, whoever writes"
    assert [message.value() for message in got] == [v for n in range(5) for v in (b"v%d" % n, None)] + [b"kafka"]
    assert got[0].headers() == [("h", b"1"), ("h", None)] and got[0].timestamp()[1] == 1_700_000_000_000

    partition = got[0].partition()
    where = [pb.PartitionPosition(partition=partition, start=pb.Position(timestamp_ms=1_700_000_000_003))]
    stream = Consuming(pb, stub, topic, partitions=where, until_end=True)
    assert stream.starts == {partition: 6}, "found by time"
    records = [record for answer in stream.answers for record in answer.records.records]
    assert [(r.offset, r.key, r.value if r.HasField("value") else None) for r in records] == [
        (6, b"k3", b"v3"), (7, b"gone", None), (8, b"k4", b"v4"), (9, b"gone", None), (10, b"k1", b"kafka")]
    assert [(h.key, h.value, h.HasField("value")) for h in records[0].headers] == [("h", b"1", True), ("h", b"", False)]
    assert (records[0].timestamp_ms, records[-1].headers[0].key) == (1_700_000_000_003, "a")


def test_a_reader_at_the_end_gets_what_comes_and_no_more_than_its_credit(brokers, client, topic, pb):
    writer, reader = client(brokers[0]), client(brokers[-1])
    stream = Consuming(pb, reader, topic, credit=0, message_bytes=2_000)
    assert stream.starts == dict.fromkeys(range(PARTITIONS), 0), "from the end, which is the beginning"
    out = Producing(pb, writer)
    for number in range(PARTITIONS):
        for _ in range(5):
            assert out.write(topic, [b"x" * 400] * 10, partition=number).HasField("written")
    out.close()
    stream.credit(1)
    first = stream.message()
    assert first.cost <= 2_000 and len(first.records) == 4, "one message for any credit, about as large as asked for"
    stream.credit(first.cost - 1)
    stream.credit(6_000)
    got, cost = len(first.records), 0
    while cost < 6_000:
        message = stream.message()
        cost += message.cost
        got += len(message.records)
    assert cost <= 8_000
    stream.credit(1 << 30)
    while got < PARTITIONS * 50:
        got += len(stream.message().records)
    assert got == PARTITIONS * 50
    # Later ones come as they are written.
    out = Producing(pb, writer)
    for number in range(3):
        assert out.write(topic, [b"%d" % number], partition=5).HasField("written")
        message = stream.message()
        assert [(r.offset, r.value) for r in message.records] == [(50 + number, b"%d" % number)]
        assert (message.next_offset, message.end_offset) == (51 + number, 51 + number)
    out.close()
    stream.cancel()


def test_a_batch_that_is_sent_again_is_written_once(brokers, client, topic, pb):
    first, other = client(brokers[0]), client(brokers[-1])
    stream = Producing(pb, first, idempotent=True)
    producer = stream.producer
    assert producer.id >= 0 and producer.epoch == 0
    for partition in range(PARTITIONS):
        for part in range(10):
            stream.send(part, topic, [b"a", b"b"], partition=partition, sequence=2 * part)
    acks = [stream.ack() for _ in range(10 * PARTITIONS)]
    assert all(ack.HasField("written") and not ack.written.duplicate for ack in acks)
    stream.close()
    # As after a broken connection, by way of another broker.
    again = Producing(pb, other, idempotent=True, producer=producer)
    for partition in range(PARTITIONS):
        ack = again.write(topic, [b"a", b"b"], partition=partition, sequence=18)
        assert (ack.written.first_offset, ack.written.duplicate) == (18, True)
        missing = again.write(topic, [b"a"], partition=partition, sequence=30)
        assert reason(missing.error) == "SEQUENCE_OUT_OF_ORDER"
        assert of_status(missing.error)["ErrorInfo"].metadata["expected"] == "20"
        assert again.write(topic, [b"c"], partition=partition, sequence=20).written.first_offset == 20
    again.close()
    newer = Producing(pb, first, idempotent=True, producer=pb.Producer(id=producer.id, epoch=1))
    assert newer.write(topic, [b"n"], partition=0, sequence=0).written.first_offset == 21
    newer.close()
    old = Producing(pb, other, idempotent=True, producer=producer)
    assert reason(old.write(topic, [b"o"], partition=0, sequence=21).error) == "PRODUCER_FENCED"
    old.close()


def test_readers_of_committed_records_see_no_open_and_no_aborted_transaction(brokers, client, topic, pb):
    stub = client(brokers[-1])
    kafka = Producer({"bootstrap.servers": ",".join(b.bootstrap for b in brokers), "transactional.id": topic})
    kafka.init_transactions(30)
    for end, value in ((kafka.abort_transaction, b"aborted"), (kafka.commit_transaction, b"committed")):
        kafka.begin_transaction()
        kafka.produce(topic, value, partition=2)
        kafka.flush(30)
        end(30)
    kafka.begin_transaction()
    kafka.produce(topic, b"open", partition=2)
    kafka.flush(30)

    def read(isolation):
        where = [pb.PartitionPosition(partition=2, start=pb.Position(offset=0))]
        return [value for _, _, value in Consuming(pb, stub, topic, partitions=where, until_end=True, isolation=isolation).rest()]
    assert read(pb.ISOLATION_UNCOMMITTED) == [b"aborted", b"committed", b"open"]
    assert read(pb.ISOLATION_COMMITTED) == [b"committed"]
    tail = Consuming(pb, stub, topic, start=pb.Position(earliest=pb.Unit()))
    assert tail.take(1) == [(2, 2, b"committed")]
    kafka.commit_transaction(30)
    assert tail.take(1) == [(2, 4, b"open")], "once it is committed"
    tail.cancel()


def test_topics_are_listed_in_pages_and_described(brokers, client, topic, pb):
    bootstrap = brokers[0].bootstrap
    names = sorted(f"{topic}-{number}" for number in range(5)) + [topic]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics([NewTopic(name, 1, 1) for name in names if name != topic]).values():
        future.result(30)
    stub = client(brokers[-1])
    for name in names:
        stub.GetTopic(pb.GetTopicRequest(name=name, without_offsets=True))  # every broker hears of them
    found, token = [], ""
    while True:
        page = stub.ListTopics(pb.ListTopicsRequest(prefix=topic, page_size=4, page_token=token))
        found += page.topics
        if not (token := page.next_page_token):
            break
        assert len(page.topics) == 4
    assert [t.name for t in found] == sorted(names)
    described = stub.GetTopic(pb.GetTopicRequest(name=topic)).topic
    assert (described.name, described.partitions, described.configs["retention.ms"]) == (topic, PARTITIONS, "-1")
    assert uuid.UUID(described.id)
    everything = stub.ListTopics(pb.ListTopicsRequest())
    assert not [t.name for t in everything.topics if t.name.startswith("__")]


def test_errors_say_what_is_wrong_in_googles_form(brokers, client, topic, pb):
    stub = client(brokers[-1])
    error = refused(stub.GetTopic, pb.GetTopicRequest(name="not-there"))
    assert (error.code(), reason(error)) == (grpc.StatusCode.NOT_FOUND, "TOPIC_NOT_FOUND")
    error = refused(stub.GetTopic, pb.GetTopicRequest(name="__consumer_offsets"))
    assert reason(error) == "TOPIC_NOT_FOUND"
    error = refused(stub.ListTopics, pb.ListTopicsRequest(page_size=1001))
    assert (error.code(), reason(error)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert details(error)["BadRequest"].field_violations[0].field == "page_size"

    out = Producing(pb, stub)
    acks = {
        "TOPIC_NOT_FOUND": out.write("not-there", [b"x"]),
        "PARTITION_NOT_FOUND": out.write(topic, [b"x"], partition=PARTITIONS),
        "BATCH_TOO_LARGE": out.write(topic, [b"x" * 1_100_000], partition=0),
        "INVALID_REQUEST": out.write(topic, [], partition=0),
    }
    assert {reason(ack.error) for ack in acks.values()} == set(acks)
    for wanted, ack in acks.items():
        assert reason(ack.error) == wanted
    assert reason(out.write(topic, [b"x"], partition=0, sequence=0).error) == "INVALID_REQUEST"
    assert reason(out.write(topic, [b"x"], partition=0, compression=9).error) == "INVALID_REQUEST"
    assert out.write(topic, [b"x"], partition=0).HasField("written"), "the stream goes on"
    out.outbox.send(pb.ProduceRequest(open=pb.ProduceOpen()))
    assert reason(refused(list, out.answers)) == "INVALID_REQUEST"
    refused(Producing, pb, stub, producer=pb.Producer(id=1))

    def consume(**opening):
        return refused(lambda: list(stub.Consume(iter([pb.ConsumeRequest(open=pb.ConsumeOpen(**opening))]), timeout=60)))
    error = consume(topic=topic, start=pb.Position(offset=5))
    info = details(error)["ErrorInfo"]
    assert (error.code(), info.reason) == (grpc.StatusCode.OUT_OF_RANGE, "OFFSET_OUT_OF_RANGE")
    assert (info.metadata["first_offset"], info.metadata["end_offset"]) in (("0", "0"), ("0", "1"))
    twice = [pb.PartitionPosition(partition=0), pb.PartitionPosition(partition=0)]
    for opening in ({"start": pb.Position(offset=-1)}, {"start": pb.Position()}, {"partitions": twice}, {"message_bytes": 1 << 21},
                    {"isolation": 7}):
        assert reason(consume(topic=topic, **opening)) == "INVALID_REQUEST", opening
    assert reason(consume(topic=topic, start=pb.Position(earliest=pb.Unit()))) == "NO_CREDIT"


def test_records_are_in_the_object_store_like_any_other(brokers, client, topic, pb):
    stub = client(brokers[0])
    out = Producing(pb, stub)
    for number in range(50):
        assert out.write(topic, [b"%d" % number], partition=number % PARTITIONS).HasField("written")
    out.close()
    for broker in brokers:
        broker.flush()
    stream = Consuming(pb, client(brokers[-1]), topic, start=pb.Position(earliest=pb.Unit()), until_end=True)
    assert sorted(int(value) for _, _, value in stream.rest()) == list(range(50))
