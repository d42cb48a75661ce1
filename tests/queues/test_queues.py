"""Queues: each message is with one receiver at a time, until it is settled."""

import json
import threading
import time
import uuid

import grpc
import pytest
from confluent_kafka import AcknowledgeType, Consumer, Producer, ShareConsumer
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, ResourceType
from queueing import Publishing, Receiving, depth

from harness.native import details, reason
from harness.wait import until

PARTITIONS = 4


@pytest.fixture
def stub(brokers, client):
    return client(brokers[0])


@pytest.fixture
def queue(pb, stub, name) -> str:
    created = stub.CreateQueue(pb.CreateQueueRequest(name=name, partitions=PARTITIONS))
    assert created.created and created.queue.partitions == PARTITIONS
    return name


def test_every_message_is_accepted_once_by_one_of_many(brokers, client, pb, queue):
    stubs = [client(broker) for broker in brokers]
    sent = {f"{number}" for number in range(3000)}
    out = Publishing(pb, stubs[-1], queue)
    places = out.publish(*(value.encode() for value in sorted(sent)))
    out.close()
    assert len({(place.partition, place.offset) for place in places}) == len(sent)
    assert depth(pb, stubs[0], queue) == {"ready": len(sent)}
    receivers = [Receiving(pb, stubs[number % len(stubs)], queue, messages=100) for number in range(3)]
    got, failures = [], []

    def work(receiver) -> None:
        try:
            while True:
                delivery = receiver.next()
                assert delivery.receipt.delivery_count == 1 and delivery.timestamp_ms > 0
                assert receiver.settle("ACK", delivery) == []
                got.append(delivery.value.decode())
                receiver.credit(1, delivery.cost)
        except StopIteration:
            pass
        except BaseException as failure:  # noqa: BLE001  told below
            failures.append(failure)

    threads = [threading.Thread(target=work, args=[receiver], daemon=True) for receiver in receivers]
    for thread in threads:
        thread.start()
    until("all are accepted", lambda: failures or len(got) == len(sent), 60)
    for receiver, thread in zip(receivers, threads, strict=True):
        receiver.outbox.close()
        thread.join(30)
    assert not failures, failures
    assert len(got) == len(sent) and set(got) == sent
    assert depth(pb, stubs[0], queue) == {}



def test_receivers_that_wait_for_the_same_few_messages_do_not_put_the_queue_back(brokers, client, pb, name):
    stubs = [client(broker) for broker in brokers]
    stubs[0].CreateQueue(pb.CreateQueueRequest(name=name, partitions=1))
    receivers = [Receiving(pb, stubs[number % len(stubs)], name, messages=200) for number in range(6)]
    got, refused, failures = [], [], []

    def work(receiver) -> None:
        try:
            while True:
                delivery = receiver.next()
                got.append(delivery.receipt.offset)
                refused.extend(receiver.settle("ACK", delivery))
                receiver.credit(1, delivery.cost)
        except StopIteration:
            pass
        except BaseException as failure:  # noqa: BLE001  told below
            failures.append(failure)

    threads = [threading.Thread(target=work, args=[receiver], daemon=True) for receiver in receivers]
    for thread in threads:
        thread.start()
    # A few at a time: all receivers look again for each, and one of them has it.
    out, count = Publishing(pb, stubs[-1], name), 3000
    for first in range(0, count, 3):
        out.publish(*(f"{first + more}".encode() for more in range(3)))
    out.close()
    until("all have come", lambda: failures or refused or len(got) >= count, 60)
    until("nothing is left", lambda: failures or refused or depth(pb, stubs[0], name) == {}, 60)
    assert not failures and not refused
    assert sorted(got) == list(range(count))
    for receiver, thread in zip(receivers, threads, strict=True):
        receiver.outbox.close()
        thread.join(30)


def test_what_becomes_of_a_message(pb, stub, queue, name):
    stub.CreateQueue(pb.CreateQueueRequest(name=name, delivery_limit=3, dead_letter_topic=f"dlq.{name}"))
    out = Publishing(pb, stub, queue)
    key, headers = b"k", [pb.Message.DESCRIPTOR.fields_by_name["headers"].message_type._concrete_class(key="h", value=b"v")]
    out.publish(pb.Message(key=key, value=b"a", headers=headers), pb.Message(key=key, value=b"b"), pb.Message(key=key, value=b"c"))
    receiver = Receiving(pb, stub, queue)
    first, second, third = receiver.take(3)
    assert [(d.key, d.value, [(h.key, h.value) for h in d.headers]) for d in (first, second, third)] == [
        (key, b"a", [("h", b"v")]), (key, b"b", []), (key, b"c", [])]
    assert receiver.settle("ACK", first) == []
    failed, = receiver.settle("ACK", first)
    assert failed.receipt == first.receipt and reason(failed.error) == "LEASE_LOST"
    assert receiver.settle("REJECT", third) == []
    for count in (2, 3):
        assert receiver.settle("NACK", second) == []
        again = receiver.next()
        assert (again.value, again.receipt.delivery_count) == (b"b", count)
        stale, = receiver.settle("EXTEND", second)
        assert reason(stale.error) == "LEASE_LOST", "that was another delivery"
        assert receiver.settle("EXTEND", again) == []
        second = again
    assert receiver.settle("NACK", second) == []
    receiver.close()
    stub.CreateQueue(pb.CreateQueueRequest(name=f"{name}-other"))
    letters = Receiving(pb, stub, f"dlq.{name}", group=f"{name}-other")
    found = {letter.value: {h.key: h.value for h in letter.headers} for letter in letters.take(2)}
    assert set(found) == {b"b", b"c"}
    assert (found[b"b"]["__dlq.errors.delivery.count"], found[b"c"]["__dlq.errors.delivery.count"]) == (b"3", b"1")
    assert found[b"b"]["__dlq.errors.topic"].decode() == name
    letters.close()
    until("nothing is left", lambda: depth(pb, stub, queue) == {}, 30)


def test_what_a_receiver_has_comes_back_when_it_goes(pb, stub, queue):
    Publishing(pb, stub, queue).publish(pb.Message(key=b"k", value=b"x"))
    first = Receiving(pb, stub, queue)
    assert first.next().receipt.delivery_count == 1
    assert depth(pb, stub, queue) == {"leased": 1}
    # It has said its last: it never looked at it.
    first.close()
    second = Receiving(pb, stub, queue)
    assert second.next().receipt.delivery_count == 1
    # It is gone: it may have died of it.
    second.cancel()
    third = Receiving(pb, stub, queue)
    delivery = third.next()
    assert delivery.receipt.delivery_count == 2
    assert third.settle("ACK", delivery) == []
    third.close()
    assert depth(pb, stub, queue) == {}


def test_a_lease_ends_unless_it_is_extended(pb, stub, queue):
    stub.CreateQueue(pb.CreateQueueRequest(name=queue, lease_ms=1000))
    Publishing(pb, stub, queue).publish(pb.Message(key=b"k", value=b"x"))
    one = Receiving(pb, stub, queue, messages=1)
    lost = one.next()
    assert one.lease_ms == 1000
    other = Receiving(pb, stub, queue, messages=1)
    again = other.next()
    assert again.receipt.delivery_count == 2
    failed, = one.settle("ACK", lost)
    assert reason(failed.error) == "LEASE_LOST"
    third = Receiving(pb, stub, queue, messages=1)
    begun = time.monotonic()
    until("two leases have passed", lambda: other.settle("EXTEND", again) == [] and time.monotonic() > begun + 2, 30, interval=0.3)
    assert other.settle("ACK", again) == []
    assert third.close() == []
    one.cancel()
    other.cancel()


def test_what_is_put_back_for_later_comes_at_its_time(pb, stub, queue):
    count, delays = 300, {b"0": 1500, b"1": 700, b"2": 1100}
    Publishing(pb, stub, queue).publish(*(pb.Message(key=b"k", value=b"%d" % number) for number in range(count)))
    receiver = Receiving(pb, stub, queue, messages=3)
    put_back = {}
    for delivery in receiver.take(3):
        put_back[delivery.value] = time.monotonic()
        assert receiver.settle("NACK", delivery, delay_ms=delays[delivery.value]) == []
    assert depth(pb, stub, queue) == {"ready": count - 3, "delayed": 3}
    receiver.credit(count)
    others, late = [], []
    while len(others) + len(late) < count:
        delivery = receiver.next()
        if delivery.value not in delays:
            assert not late, "they do not wait"
            others.append(delivery)
            continue
        assert time.monotonic() - put_back[delivery.value] >= delays[delivery.value] / 1000
        assert delivery.receipt.delivery_count == 2
        late.append(delivery)
    assert [delivery.value for delivery in late] == [b"1", b"2", b"0"], "in the order of their times"
    assert receiver.settle("ACK", *others, *late) == []
    receiver.close()
    assert depth(pb, stub, queue) == {}


def test_credit_is_kept(pb, stub, queue):
    out = Publishing(pb, stub, queue)
    out.publish(*(pb.Message(key=b"k", value=b"%d" % number * 1000) for number in range(10)))
    receiver = Receiving(pb, stub, queue, messages=3)
    got = receiver.take(3)
    assert receiver.settle("EXTEND", *got) == [] and not receiver.come, "no more than there is credit for"
    receiver.credit(2)
    got += receiver.take(2)
    assert receiver.settle("ACK", *got) == [] and not receiver.come
    assert receiver.close() == []
    few = Receiving(pb, stub, queue, messages=100, octets=1)
    one = few.next()
    assert few.settle("ACK", one) == [] and not few.come, "one may overdraw the bytes"
    few.credit(0, one.cost)
    two = few.next()
    assert few.settle("ACK", two) == [] and not few.come
    few.credit(0, 1 << 20)
    assert few.settle("ACK", *few.take(3)) == []
    few.close()
    assert depth(pb, stub, queue) == {}


def test_a_kafka_client_sees_the_same(brokers, pb, stub, queue):
    bootstrap = ",".join(broker.bootstrap for broker in brokers)
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(20):
        producer.produce(queue, b"%d" % number, partition=number % PARTITIONS)
    assert producer.flush(30) == 0
    Publishing(pb, stub, queue).publish(*(b"%d" % number for number in range(20, 30)))
    receiver = Receiving(pb, stub, queue)
    got = receiver.take(30)
    assert {int(delivery.value) for delivery in got} == set(range(30))
    assert receiver.settle("ACK", *got) == []
    # And everything can be read again.
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": f"r-{uuid.uuid4().hex}", "auto.offset.reset": "earliest"})
    reader.subscribe([queue])
    replayed = set()
    until("all is read again", lambda: replayed.update(int(m.value()) for m in reader.consume(100, 1)) or len(replayed) == 30, 30)
    reader.close()
    # Another group has every message too, from where it says.
    other = Receiving(pb, stub, queue, group=f"{queue}-other")
    assert other.opened.queue.group == f"{queue}-other"
    other.close()
    admin = AdminClient({"bootstrap.servers": bootstrap})
    resource = ConfigResource(ResourceType.GROUP, queue)
    configs = admin.describe_configs([resource])[resource].result(30)
    assert configs["share.auto.offset.reset"].value == "earliest"


def test_kafkas_share_consumers_work_on_the_same_queue(brokers, pb, stub, queue):
    count, mine = 100, 30
    Publishing(pb, stub, queue).publish(*(b"%d" % number for number in range(count)))
    receiver = Receiving(pb, stub, queue, messages=mine)
    here = receiver.take(mine)
    consumer = ShareConsumer({"bootstrap.servers": ",".join(broker.bootstrap for broker in brokers), "group.id": queue,
                              "share.acknowledgement.mode": "explicit", "log_level": 2})
    consumer.subscribe([queue])
    there = set()

    def poll() -> bool:
        given = [message for message in consumer.poll(0.2) if not message.error()]
        for message in given:
            assert message.value() not in there and message.delivery_count() == 1
            there.add(message.value())
            consumer.acknowledge(message, AcknowledgeType.ACCEPT)
        if given:
            consumer.commit_sync(30.0)
        return len(there) >= count - mine

    until("the other ones are accepted", poll, 60)
    assert there | {delivery.value for delivery in here} == {b"%d" % number for number in range(count)}
    assert len(there) == count - mine, "what is with a receiver is with nobody else"
    # What is put back here comes there.
    assert receiver.settle("ACK", *here[1:]) == []
    assert receiver.settle("NACK", here[0]) == []
    back = until("it comes there", lambda: [message for message in consumer.poll(0.2) if not message.error()], 30)
    assert [(message.value(), message.delivery_count()) for message in back] == [(here[0].value, 2)]
    consumer.acknowledge(back[0], AcknowledgeType.ACCEPT)
    consumer.commit_sync(30.0)
    consumer.close()
    receiver.close()
    assert depth(pb, stub, queue) == {}


def test_a_queue_grows_and_is_deleted_under_its_receivers(brokers, pb, stub, queue):
    admin = AdminClient({"bootstrap.servers": ",".join(broker.bootstrap for broker in brokers)})
    receiver = Receiving(pb, stub, queue)
    admin.create_partitions([NewPartitions(queue, PARTITIONS + 2)])[queue].result(30)
    producer = Producer({"bootstrap.servers": ",".join(broker.bootstrap for broker in brokers)})
    until("the client knows", lambda: len(producer.list_topics(queue, 30).topics[queue].partitions) == PARTITIONS + 2, 30)
    producer.produce(queue, b"new", partition=PARTITIONS + 1)
    assert producer.flush(30) == 0
    delivery = receiver.next()
    assert (delivery.receipt.partition, delivery.value) == (PARTITIONS + 1, b"new")
    assert receiver.settle("ACK", delivery) == []
    admin.delete_topics([queue])[queue].result(30)
    with pytest.raises(grpc.RpcError) as caught:
        receiver.next()
    assert reason(caught.value) == "TOPIC_NOT_FOUND"


def test_requests_that_make_no_sense(pb, stub, queue):
    def refused(call, *args) -> grpc.RpcError:
        with pytest.raises(grpc.RpcError) as caught:
            found = call(*args)
            if hasattr(found, "__next__"):
                list(found)
        return caught.value

    wrong = {"name": ["", "a b", "__own", "dlq.x"], "delivery_limit": [1, 11], "lease_ms": [1, 60_001], "dead_letter_topic": ["x"]}
    for field, values in wrong.items():
        for value in values:
            error = refused(stub.CreateQueue, pb.CreateQueueRequest(**{"name": queue, field: value}))
            assert details(error)["BadRequest"].field_violations[0].field == field, value
    error = refused(stub.CreateQueue, pb.CreateQueueRequest(name=queue, partitions=PARTITIONS + 1))
    assert (error.code(), reason(error)) == (grpc.StatusCode.ALREADY_EXISTS, "QUEUE_EXISTS")
    assert reason(refused(stub.GetQueue, pb.GetQueueRequest(name="not-there"))) == "TOPIC_NOT_FOUND"
    open_it = pb.ReceiveRequest(open=pb.ReceiveOpen(queue=queue))

    def receive(*requests):
        return reason(refused(lambda: stub.Receive(iter(requests), timeout=30)))
    assert receive(pb.ReceiveRequest(open=pb.ReceiveOpen(queue="not-there"))) == "TOPIC_NOT_FOUND"
    assert receive(pb.ReceiveRequest(credit=pb.ReceiveCredit(messages=1))) == "INVALID_REQUEST"
    assert receive(open_it, open_it) == "INVALID_REQUEST"
    assert receive(open_it, pb.ReceiveRequest(settle=pb.Settle(id=1, verdict=1))) == "INVALID_REQUEST"
    receipt = pb.Receipt(partition=0, offset=5, delivery_count=1)
    assert receive(open_it, pb.ReceiveRequest(settle=pb.Settle(id=1, receipts=[receipt]))) == "INVALID_REQUEST"
    later = pb.Settle(id=1, verdict=1, receipts=[receipt], delay_ms=5)
    assert receive(open_it, pb.ReceiveRequest(settle=later)) == "INVALID_REQUEST"
    receiver = Receiving(pb, stub, queue)
    nowhere = pb.Receipt(partition=99, offset=5, delivery_count=1)
    assert [reason(failed.error) for failed in receiver.settle("ACK", receipt, nowhere)] == ["LEASE_LOST"] * 2
    receiver.close()
    out = Publishing(pb, stub, queue)
    out.send(5, b"x", queue="not-there")
    answer = out.answer()
    assert (answer.id, reason(answer.error)) == (5, "TOPIC_NOT_FOUND")
    out.publish(b"x")
    out.close()


@pytest.fixture
def esker(brokers):
    def run(*args, stdin: bytes | None = None):
        api = f"127.0.0.1:{brokers[0].api_port}"
        found = brokers[0].cli("queue", *args, "--api", api, "--output", "json", stdin=stdin).decode()
        return [json.loads(line) for line in found.splitlines()]
    return run


def test_the_command_line(esker, name):
    created, = esker("create", name, "--partitions", 2, "--delivery-limit", 2, "--dead-letters", f"dlq.{name}")
    assert (created["name"], created["partitions"], created["delivery_limit"], created["created"]) == (name, 2, 2, True)
    done, = esker("publish", name, "one", "two", "--key", "k", "--header", "h=v")
    assert done["published"] == 2
    esker("publish", name, stdin=b"three\nfour\n")
    described, = esker("describe", name)
    assert described["dead_letter_topic"] == f"dlq.{name}" and sum(p["ready"] for p in described["depth"]) == 4
    got = esker("receive", name, "--count", 2, "--idle", 5) + esker("receive", name, "--nack", "--count", 1)
    assert got[2]["delivery_count"] == 1
    got += esker("receive", name, "--idle", 2)
    assert sorted(m["value"] for m in got[:2] + got[3:]) == ["four", "one", "three", "two"]
    headed = next(m for m in got if m["value"] == "one")
    assert headed["key"] == "k" and headed["headers"] == [{"key": "h", "value": "v"}]
    described, = esker("describe", name)
    assert all(p["ready"] == p["leased"] == 0 for p in described["depth"])
