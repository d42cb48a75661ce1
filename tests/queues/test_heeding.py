"""What messages say of their delivery: times, priorities, the order of their keys; to receivers and to Kafka's clients alike."""

import random
import threading
import time
from collections import defaultdict

import grpc
import pytest
from confluent_kafka import AcknowledgeType, Producer, ShareConsumer
from queueing import Publishing, Receiving, depth

from harness.native import reason
from harness.wait import until


@pytest.fixture
def stub(brokers, client):
    return client(brokers[0])


@pytest.fixture
def make(pb, stub, name):
    """Makes the queue: one partition unless told otherwise."""
    def make(**settings) -> str:
        stub.CreateQueue(pb.CreateQueueRequest(name=name, **{"partitions": 1, **settings}))
        return name
    return make


def now_ms() -> float:
    return time.time() * 1000


def test_messages_come_at_their_time_and_hold_up_nothing(pb, stub, make):
    queue = make(partitions=4)
    chance = random.Random(7)
    later = {number: int(now_ms()) + chance.randrange(3000, 5000) for number in range(400)}
    out = Publishing(pb, stub, queue)
    out.publish(*(pb.Message(value=b"%d" % number, deliver_at_ms=due) for number, due in later.items()))
    out.publish(*(pb.Message(value=b"now") for _ in range(100)))
    receiver = Receiving(pb, stub, queue)
    come, arrived = [], {}
    while len(come) + len(arrived) < 500:
        delivery = receiver.next()
        assert delivery.receipt.delivery_count == 1
        if delivery.value == b"now":
            come.append(now_ms())
        else:
            arrived[int(delivery.value)] = now_ms()
        assert receiver.settle("ACK", delivery) == []
    assert len(come) == 100 and sorted(arrived) == sorted(later), "each once"
    early = {number: later[number] - at for number, at in arrived.items() if at < later[number]}
    assert not early, early
    assert min(come) < min(later.values()), "what is for now does not wait"
    assert depth(pb, stub, queue) == {}
    receiver.close()
    # As long as they wait they are told apart; what says how long, not when, comes too.
    at = now_ms()
    out.publish(*(pb.Message(value=b"x", delay_ms=1500) for _ in range(10)))
    receiver = Receiving(pb, stub, queue)
    until("they are known to be for later", lambda: depth(pb, stub, queue) == {"delayed": 10}, 10)
    receiver.take(10)
    assert now_ms() >= at + 1500
    receiver.close()
    out.close()


def test_what_has_expired_is_given_up(pb, stub, make, name):
    queue = make(dead_letter_topic=f"dlq.{name}")
    out = Publishing(pb, stub, queue)
    out.publish(pb.Message(value=b"gone", ttl_ms=1), pb.Message(value=b"stays", ttl_ms=3_600_000), pb.Message(value=b"plain"),
                pb.Message(value=b"never", delay_ms=300, ttl_ms=200))
    until("the first one has expired", lambda at=now_ms(): now_ms() > at + 5)
    receiver = Receiving(pb, stub, queue)
    assert [delivery.value for delivery in receiver.take(2)] == [b"stays", b"plain"]
    # The group heeds times, and would have letters expire that say theirs.
    letters = Receiving(pb, stub, f"dlq.{name}", group=name)
    found = letters.take(2)
    assert {letter.value for letter in found} == {b"gone", b"never"}
    assert all("__dlq.esker.expires-at" in {header.key for header in letter.headers} for letter in found)
    assert letters.settle("ACK", *found) == []
    letters.close()
    # What expires while it is with somebody is theirs until it is put back.
    at = now_ms()
    out.publish(pb.Message(value=b"short", ttl_ms=3000))
    held = receiver.next()
    until("it has expired", lambda: now_ms() > at + 3100)
    assert receiver.settle("NACK", held) == []
    letters = Receiving(pb, stub, f"dlq.{name}", group=name)
    assert letters.next().value == b"short"
    for stream in (receiver, letters):
        stream.close()
    out.close()


def test_the_more_urgent_comes_first(pb, stub, make):
    queue = make(priority=True)
    chance = random.Random(3)
    urgency = [chance.randrange(10) for _ in range(400)]
    out = Publishing(pb, stub, queue)
    out.publish(*(pb.Message(value=b"%d" % number, priority=priority) for number, priority in enumerate(urgency)))
    receiver = Receiving(pb, stub, queue, messages=50)
    got = []
    for _ in range(len(urgency)):
        delivery = receiver.next()
        got.append(int(delivery.value))
        assert receiver.settle("ACK", delivery) == []
        receiver.credit(1, delivery.cost)
    assert got == sorted(range(len(urgency)), key=lambda number: (-urgency[number], number))
    # What comes later and is more urgent overtakes what nobody has yet.
    receiver.close()
    out.publish(*(pb.Message(value=b"low") for _ in range(50)))
    slow = Receiving(pb, stub, queue, messages=1)
    assert slow.next().value == b"low"
    out.publish(pb.Message(value=b"high", priority=9))
    slow.credit(1)
    assert slow.next().value == b"high"
    slow.close()
    out.close()


def test_keys_keep_their_order_over_many_receivers(pb, brokers, client, make):
    queue = make(partitions=4, key_order=True, delivery_limit=10)
    keys, count, chance = 12, 600, random.Random(5)
    sent, numbers = [], defaultdict(int)
    for _ in range(count):
        key = chance.randrange(keys)
        sent.append((key, numbers[key]))
        numbers[key] += 1
    stub = client(brokers[-1])
    out = Publishing(pb, stub, queue)
    out.publish(*(pb.Message(key=b"k%d" % key, value=b"%d" % number) for key, number in sent))
    out.close()
    lock, held, done, failures = threading.Lock(), {}, defaultdict(list), []

    def work(stub, seed: int) -> None:
        mine = random.Random(seed)
        receiver = Receiving(pb, stub, queue, messages=20)
        try:
            while True:
                delivery = receiver.next()
                key, number = delivery.key, int(delivery.value)
                with lock:
                    assert key not in held, f"{key} {number} while {held[key]} is with somebody"
                    assert number == len(done[key]), f"{key}: {number} after {done[key]}"
                    held[key] = number
                verdict = mine.choice(["ACK", "ACK", "NACK"]) if delivery.receipt.delivery_count < 6 else "ACK"
                with lock:
                    del held[key]
                    if verdict == "ACK":
                        done[key].append(number)
                later = {"delay_ms": 20} if verdict == "NACK" and mine.random() < 0.5 else {}
                assert receiver.settle(verdict, delivery, **later) == []
                receiver.credit(1, delivery.cost)
        except StopIteration:
            pass
        except BaseException as failure:  # noqa: BLE001  told below
            failures.append(failure)

    stubs = [client(brokers[number % len(brokers)]) for number in range(4)]
    threads = [threading.Thread(target=work, args=[stub, number], daemon=True) for number, stub in enumerate(stubs)]
    for thread in threads:
        thread.start()
    until("all are done", lambda: failures or sum(map(len, done.values())) == count, 60)
    assert not failures, failures
    until("and that is durable", lambda: depth(pb, stub, queue) == {}, 10)


def test_kafkas_clients_say_it_and_get_the_same(brokers, pb, stub, make):
    queue = make(priority=True, key_order=True)
    bootstrap = ",".join(broker.bootstrap for broker in brokers)
    producer = Producer({"bootstrap.servers": bootstrap})
    due = int(now_ms()) + 1500
    producer.produce(queue, b"later", headers={"esker.deliver-at": str(due)})
    producer.produce(queue, b"gone", headers={"esker.expires-at": "1000"})
    producer.produce(queue, b"a1", key=b"a")
    producer.produce(queue, b"a2", key=b"a")
    producer.produce(queue, b"urgent", headers={"esker.priority": "9"})
    producer.produce(queue, b"nonsense", headers={"esker.priority": "high", "esker.deliver-at": "soon"})
    assert producer.flush(30) == 0
    consumer = ShareConsumer({"bootstrap.servers": bootstrap, "group.id": queue, "share.acknowledgement.mode": "explicit",
                              "log_level": 2})
    consumer.subscribe([queue])
    came = []

    def poll(enough: int) -> bool:
        given = [message for message in consumer.poll(0.2) if not message.error()]
        came.extend((message.value(), now_ms()) for message in given)
        for message in given:
            consumer.acknowledge(message, AcknowledgeType.ACCEPT)
        if given:
            consumer.commit_sync(30.0)
        return len(came) >= enough

    until("all of them have come", lambda: poll(5), 60)
    values = [value for value, _ in came]
    assert sorted(values) == [b"a1", b"a2", b"later", b"nonsense", b"urgent"], values
    assert values.index(b"a1") < values.index(b"a2")
    assert dict(came)[b"later"] >= due
    consumer.close()
    until("nothing is left", lambda: depth(pb, stub, queue) == {}, 10)


def test_what_makes_no_sense_is_refused(pb, stub, make):
    queue = make(times=False)
    out = Publishing(pb, stub, queue)
    bad = [{"delay_ms": 5}, {"ttl_ms": 5}, {"priority": 1}, {"priority": 10}, {"delay_ms": 1, "deliver_at_ms": 1}]
    for number, said in enumerate(bad):
        out.send(number, pb.Message(value=b"x", **said))
        answer = out.answer()
        assert (answer.id, reason(answer.error)) == (number, "INVALID_REQUEST"), answer
    # Settings may be changed; what is not said stays.
    changed = stub.CreateQueue(pb.CreateQueueRequest(name=queue, times=True, priority=True)).queue
    assert (changed.times, changed.priority, changed.key_order) == (True, True, False)
    again = stub.CreateQueue(pb.CreateQueueRequest(name=queue, key_order=True)).queue
    assert (again.times, again.priority, again.key_order) == (True, True, True)
    out.publish(pb.Message(value=b"x", priority=1, ttl_ms=60_000))
    out.close()
    receiver = Receiving(pb, stub, queue)
    delivery = receiver.next()
    said = {header.key: header.value for header in delivery.headers}
    assert said["esker.priority"] == b"1" and int(said["esker.expires-at"]) > now_ms()
    receiver.close()


@pytest.mark.parametrize("settings", [{}, {"priority": True}], ids=["plain", "picked"])
def test_receivers_get_what_they_ask_for(brokers, client, pb, stub, make, settings):
    queue = make(partitions=2, **settings)
    header = pb.Message.DESCRIPTOR.fields_by_name["headers"].message_type._concrete_class
    colours, count = ["red", "green", "blue"], 600

    def message(number: int):
        return pb.Message(key=b"k%d" % number, value=b"%d" % number, headers=[header(key="colour", value=colours[number % 3].encode())])

    out = Publishing(pb, stub, queue)
    out.publish(*map(message, range(count)))
    green = Receiving(pb, stub, queue, filter="headers.colour == 'green'")
    other = client(brokers[-1])
    red = Receiving(pb, other, queue, filter="headers.colour == 'red' && key != 'k0'")
    got = {receiver: [int(delivery.value) for delivery in receiver.take(size)] for receiver, size in ((green, 200), (red, 199))}
    assert set(got[green]) == set(range(1, count, 3)) and set(got[red]) == set(range(3, count, 3))
    # What nobody has asked for waits, and is there for whoever takes everything; so is what comes back.
    assert depth(pb, stub, queue) == {"ready": count - 399, "leased": 399}
    red.cancel()
    again = Receiving(pb, stub, queue, filter="headers.colour == 'red' && key != 'k0'")
    assert {int(delivery.value) for delivery in again.take(199)} == set(got[red]), "what has come back is found"
    rest = Receiving(pb, other, queue)
    assert {int(delivery.value) for delivery in rest.take(201)} == {0, *range(2, count, 3)}
    rest.close()
    # What comes later is for them, too.
    out.publish(message(count + 1), message(count))
    assert (int(green.next().value), int(again.next().value)) == (count + 1, count)
    out.close()
    for receiver in (green, again):
        receiver.close()


def test_a_filter_that_is_none_is_refused(pb, stub, make):
    queue = make()
    for text in ("headers.colour ==", "value == 'x'", "1 + 1", "(" * 3000):
        with pytest.raises(grpc.RpcError) as refused:
            Receiving(pb, stub, queue, filter=text)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT and "column" in refused.value.details(), refused.value
