"""Requests that wait for replies: each gets its own, by whichever brokers, once; who waits in vain, or has gone, is told from the rest."""

import json
import random
import threading
import time

import grpc
import pytest
from queueing import Publishing, Receiving, depth

from harness.esker import EskerBroker
from harness.native import compiled, details, reason
from harness.strikes import comes_back
from harness.wait import until

HEADER = compiled()["streams"][0].Header
# What may be said of a request whose leader dies while it is written, and of a reply whose broker does.
AWAY = {"OUTCOME_UNKNOWN", "NO_OWNER"}


@pytest.fixture
def stub(brokers, client):
    """Where requests are made."""
    return client(brokers[0])


@pytest.fixture
def other(brokers, client):
    """Where they are worked on."""
    return client(brokers[-1])


@pytest.fixture
def queue(pb, stub, name) -> str:
    stub.CreateQueue(pb.CreateQueueRequest(name=name, partitions=4))
    return name


def ask(pb, stub, queue: str, value: bytes = b"", timeout_ms: int = 60_000, message=None, **to):
    """A request on its way."""
    message = message or pb.Message(value=value)
    to = to or {"queue": queue}
    return stub.Request.future(pb.RequestRequest(message=message, timeout_ms=timeout_ms, **to), timeout=120)


def reply(pb, stub, delivery, value: bytes = b"", **headers):
    """To a delivery, or an address."""
    headers = [HEADER(key=key, value=octets) for key, octets in headers.items()]
    address = getattr(delivery, "reply_to", delivery)
    return stub.Reply(pb.ReplyRequest(reply_to=address, reply=pb.Reply(value=value, headers=headers)), timeout=60)


def refused(call) -> tuple[str, grpc.StatusCode]:
    """Why, and the code of it."""
    with pytest.raises(grpc.RpcError) as error:
        call()
    return reason(error.value), error.value.code()


GONE = ("REQUESTER_GONE", grpc.StatusCode.NOT_FOUND)


def is_gone(pb, stub, delivery) -> bool:
    """Nobody waits; else it has been replied, or that is not known for now."""
    try:
        reply(pb, stub, delivery, b"is anybody there?")
    except grpc.RpcError as error:
        assert reason(error) in {"REQUESTER_GONE", *AWAY}, error
        return reason(error) == "REQUESTER_GONE"
    return False


def test_a_request_gets_its_reply_by_whichever_broker(pb, stub, other, queue):
    message = pb.Message(value=b"how much?", key=b"k", headers=[HEADER(key="kind", value=b"price")])
    asked = ask(pb, stub, queue, message=message)
    worker = Receiving(pb, other, queue)
    delivery = worker.next()
    assert (delivery.value, delivery.key) == (b"how much?", b"k")
    headers = {header.key: header.value for header in delivery.headers}
    assert headers["kind"] == b"price" and headers["esker.reply-to"].decode() == delivery.reply_to
    assert not asked.done()
    reply(pb, other, delivery, b"7", currency=b"EUR")
    answer = asked.result()
    assert answer.reply.value == b"7" and list(answer.reply.headers) == [HEADER(key="currency", value=b"EUR")]
    assert answer.published == pb.Published(partition=delivery.receipt.partition, offset=delivery.receipt.offset)
    assert not answer.copies
    # It is a message like any other until it is accepted.
    assert depth(pb, stub, queue) == {"leased": 1}
    assert worker.settle("ACK", delivery) == []
    worker.close()
    assert depth(pb, stub, queue) == {}
    # Nobody waits for anything with one that was only published.
    Publishing(pb, stub, queue).publish(b"x")
    worker = Receiving(pb, other, queue)
    assert worker.next().reply_to == ""
    worker.cancel()


def test_a_reply_may_be_empty_and_as_large_as_any_request(pb, stub, other, queue):
    worker = Receiving(pb, other, queue)
    for size in (0, 4_000_000):
        asked = ask(pb, stub, queue, bytes(size // 4))
        delivery = worker.next()
        assert len(delivery.value) == size // 4
        reply(pb, other, delivery, bytes(size))
        assert asked.result().reply.value == bytes(size)
        assert worker.settle("ACK", delivery) == []
    asked = ask(pb, stub, queue)
    other.Reply(pb.ReplyRequest(reply_to=worker.next().reply_to))
    assert asked.result().reply == pb.Reply()
    worker.cancel()


def test_a_thousand_wait_at_the_same_time(brokers, client, pb, queue):
    # As many as a connection has streams: whoever works needs another one.
    stub, other, count = client(brokers[0], alone=True), client(brokers[-1]), 1000
    asked = [ask(pb, stub, queue, b"%d" % number, 120_000) for number in range(count)]
    worker = Receiving(pb, other, queue, messages=count)
    deliveries = worker.take(count)
    assert not any(one.done() for one in asked), "nobody has replied"
    # In any order, by any broker.
    random.shuffle(deliveries)
    stubs = [client(broker) for broker in brokers]
    replied = []
    for number, delivery in enumerate(deliveries):
        request = pb.ReplyRequest(reply_to=delivery.reply_to, reply=pb.Reply(value=b"re: " + delivery.value))
        replied.append(stubs[number % len(stubs)].Reply.future(request, timeout=60))
    for one in replied:
        one.result()
    assert [one.result().reply.value for one in asked] == [b"re: %d" % number for number in range(count)]
    places = {(one.result().published.partition, one.result().published.offset) for one in asked}
    assert places == {(delivery.receipt.partition, delivery.receipt.offset) for delivery in deliveries}
    assert worker.settle("ACK", *deliveries) == []
    worker.close()


def test_who_waits_in_vain_is_told_where_the_request_is(pb, stub, other, name):
    stub.CreateQueue(pb.CreateQueueRequest(name=name, partitions=2, times=False))
    begun = time.monotonic()
    with pytest.raises(grpc.RpcError) as error:
        ask(pb, stub, name, b"?", 700).result()
    assert time.monotonic() - begun >= 0.7
    assert (reason(error.value), error.value.code()) == ("NO_REPLY", grpc.StatusCode.DEADLINE_EXCEEDED)
    told = details(error.value)["ErrorInfo"].metadata
    # The queue does not heed times, so it is still there; a reply comes too late.
    worker = Receiving(pb, other, name)
    delivery = worker.next()
    at = {"written": "true", "partition": str(delivery.receipt.partition), "offset": str(delivery.receipt.offset)}
    assert dict(told) == at
    assert "esker.expires-at" not in {header.key for header in delivery.headers}
    for by in (other, stub):
        assert refused(lambda by=by: reply(pb, by, delivery, b"late")) == GONE
    assert worker.settle("ACK", delivery) == []
    worker.close()


def test_nobody_works_for_one_who_has_gone(pb, stub, other, queue):
    def expires(delivery) -> int:
        return int({header.key: header.value for header in delivery.headers}["esker.expires-at"])

    with pytest.raises(grpc.RpcError) as error:
        ask(pb, stub, queue, b"vain", 500).result()
    assert reason(error.value) == "NO_REPLY"
    worker = Receiving(pb, other, queue)
    # The time-out is when it expires, unless it says an earlier one.
    now = time.time() * 1000
    long = ask(pb, stub, queue, b"long", 100_000)
    delivery = worker.next()
    assert delivery.value == b"long", "the first one is not given out"
    assert abs(expires(delivery) - now - 100_000) < 30_000
    reply(pb, other, delivery)
    long.result()
    short = ask(pb, stub, queue, timeout_ms=100_000, message=pb.Message(value=b"short", ttl_ms=20_000))
    second = worker.next()
    assert abs(expires(second) - now - 20_000) < 15_000
    reply(pb, other, second)
    short.result()
    later = ask(pb, stub, queue, timeout_ms=10_000, message=pb.Message(value=b"later", ttl_ms=10_000_000))
    third = worker.next()
    assert expires(third) - now < 60_000
    reply(pb, other, third)
    later.result()
    assert worker.settle("ACK", delivery, second, third) == []
    worker.close()


def test_the_first_reply_counts(pb, stub, other, queue):
    asked = ask(pb, stub, queue)
    worker = Receiving(pb, other, queue)
    delivery = worker.next()
    reply(pb, other, delivery, b"first")
    for by in (other, stub):
        assert refused(lambda by=by: reply(pb, by, delivery, b"second")) == GONE
    assert asked.result().reply.value == b"first"
    assert refused(lambda: reply(pb, other, delivery, b"third")) == GONE
    assert worker.settle("ACK", delivery) == []
    # Many at the same time: one of them.
    asked = ask(pb, stub, queue)
    delivery = worker.next()
    calls = [by.Reply.future(pb.ReplyRequest(reply_to=delivery.reply_to, reply=pb.Reply(value=b"%d" % number)), timeout=60)
             for number, by in enumerate([stub, other] * 20)]
    taken = [number for number, call in enumerate(calls) if call.exception() is None]
    assert len(taken) == 1 and asked.result().reply.value == b"%d" % taken[0]
    assert {reason(call.exception()) for call in calls if call.exception()} == {"REQUESTER_GONE"}
    worker.cancel()


def test_hostile_addresses_reach_nobody(pb, stub, other, queue):
    asked = ask(pb, stub, queue)
    worker = Receiving(pb, other, queue)
    delivery = worker.next()
    good = delivery.reply_to
    form, broker, life, number = good.split("-")
    bad = ["", "-", "r1", "r1---", queue, "r1-\0-0-0", good.upper(), good + "-", good + "0", good[:-1], " " + good, "é" * 61,
           "-".join(["r2", broker, life, number]), "-".join([form, "ffffffff", life, number]),
           "-".join([form, "+" + broker[1:], life, number]), "x" * 3_000_000]
    for address in bad:
        for by in (stub, other):
            assert refused(lambda by=by, address=address: reply(pb, by, address)) \
                == ("INVALID_REQUEST", grpc.StatusCode.INVALID_ARGUMENT), address[:100]
    flipped = {letter: "%x" % (int(letter, 16) ^ 1) for letter in "0123456789abcdef"}
    others = ["-".join([form, "00000063", life, number]), "-".join([form, broker, life[:-1] + flipped[life[-1]], number]),
              "-".join([form, broker, life, number[:-1] + flipped[number[-1]]]), "-".join([form, broker, number[:16], life + life])]
    for address in others:
        for by in (stub, other):
            assert refused(lambda by=by, address=address: reply(pb, by, address, b"stolen")) == GONE
    assert not asked.done()
    reply(pb, other, delivery, b"for whom it is")
    assert asked.result().reply.value == b"for whom it is"
    worker.cancel()


def test_what_makes_no_sense_is_refused(pb, stub, queue, name):
    invalid = "INVALID_REQUEST"
    forged = pb.Message(headers=[HEADER(key="esker.reply-to", value=b"mine")])
    for asked, expected in [
        ({"queue": queue, "timeout_ms": 300_001}, invalid),
        ({"queue": queue, "message": forged}, invalid),
        ({"queue": queue, "exchange": "x"}, invalid),
        ({"queue": queue, "routing_key": "x"}, invalid),
        ({"queue": queue, "message": pb.Message(priority=3)}, invalid),
        ({"queue": "not-there"}, "TOPIC_NOT_FOUND"),
        ({"queue": "__consumer_offsets"}, "TOPIC_NOT_FOUND"),
        ({}, "TOPIC_NOT_FOUND"),
        ({"exchange": "not-there"}, "EXCHANGE_NOT_FOUND"),
    ]:
        asked = {"timeout_ms": 5_000, **asked}
        assert refused(lambda asked=asked: stub.Request(pb.RequestRequest(**asked), timeout=60))[0] == expected, asked
    assert depth(pb, stub, queue) == {}


def test_of_many_queues_the_first_reply_counts(pb, stub, other, name):
    queues = [f"{name}-{letter}" for letter in "ab"]
    stub.CreateExchange(pb.CreateExchangeRequest(name=name, kind="EXCHANGE_KIND_TOPIC"))
    for queue in queues:
        stub.CreateQueue(pb.CreateQueueRequest(name=queue))
        stub.Bind(pb.BindRequest(exchange=name, binding=pb.Binding(queue=queue, routing_key="price.#")))
    asked = ask(pb, stub, "", b"?", exchange=name, routing_key="price.eu")
    workers = {queue: Receiving(pb, other, queue) for queue in queues}
    deliveries = {queue: worker.next() for queue, worker in workers.items()}
    reply(pb, other, deliveries[queues[1]], b"b was first")
    assert refused(lambda: reply(pb, other, deliveries[queues[0]], b"a was not")) == GONE
    answer = asked.result()
    assert answer.reply.value == b"b was first" and not answer.HasField("published")
    places = {(copy.queue, copy.partition, copy.offset) for copy in answer.copies}
    assert places == {(queue, one.receipt.partition, one.receipt.offset) for queue, one in deliveries.items()}
    for queue, worker in workers.items():
        assert worker.settle("ACK", deliveries[queue]) == []
    with pytest.raises(grpc.RpcError) as error:
        ask(pb, stub, "", timeout_ms=300, exchange=name, routing_key="price").result()
    assert reason(error.value) == "NO_REPLY"
    assert dict(details(error.value)["ErrorInfo"].metadata) == {"written": "true", "copies": "2"}
    unroutable = ask(pb, stub, "", exchange=name, routing_key="weather")
    assert refused(unroutable.result) == ("UNROUTABLE", grpc.StatusCode.NOT_FOUND)
    for worker in workers.values():
        worker.close()


def test_another_worker_replies_when_one_dies(pb, stub, other, name):
    stub.CreateQueue(pb.CreateQueueRequest(name=name, delivery_limit=3, lease_ms=1000))
    asked = ask(pb, stub, name, b"?")
    first = Receiving(pb, other, name)
    lost = first.next()
    first.cancel()
    second = Receiving(pb, stub, name)
    delivery = second.next()
    assert (delivery.receipt.delivery_count, delivery.reply_to) == (2, lost.reply_to)
    # One that hangs past its lease may be late, and may be the first all the same.
    third = second.next()
    assert third.receipt.delivery_count == 3
    reply(pb, other, third, b"at last")
    assert asked.result().reply.value == b"at last"
    assert refused(lambda: reply(pb, other, delivery, b"a zombie")) == GONE
    assert second.settle("ACK", third) == []
    second.close()


def test_who_goes_does_not_wait_any_more(broker_kind, pb, client, name, tmp_path):
    if broker_kind != "esker":
        pytest.skip("only Esker has this API")
    settings = {"limits.api_waiting_requests": 3, "limits.api_message_bytes": 1 << 20, "limits.api_request_bytes_total": 1 << 20}
    broker = EskerBroker(tmp_path / "small", settings).start()
    stub = client(broker)
    stub.CreateQueue(pb.CreateQueueRequest(name=name))
    worker = Receiving(pb, stub, name)
    asked = [ask(pb, stub, name) for _ in range(3)]
    deliveries = worker.take(3)
    assert refused(ask(pb, stub, name).result) == ("BROKER_BUSY", grpc.StatusCode.RESOURCE_EXHAUSTED)
    for one in asked[1:]:
        one.cancel()
    left = asked[0]
    # Those who have gone leave their places to others; who stays keeps its own.
    again = []

    def there_is_room() -> bool:
        call = ask(pb, stub, name)
        until("it is refused, or on its way to a worker", lambda: call.done() or depth(pb, stub, name)["leased"] > 3 + len(again))
        if not call.done():
            again.append(call)
        return len(again) == 2

    until("there is room again", there_is_room)
    assert refused(ask(pb, stub, name).result)[0] == "BROKER_BUSY"
    replied = {delivery.reply_to for delivery in deliveries}
    # Two of the three are gone, whichever came first.
    outcomes = [is_gone(pb, stub, delivery) for delivery in deliveries]
    assert sorted(outcomes) == [False, True, True] and left.result().reply.value
    for _ in again:
        delivery = worker.next()
        assert delivery.reply_to not in replied
        reply(pb, stub, delivery, b"here")
    assert {call.result().reply.value for call in again} == {b"here"}
    worker.cancel()
    # What was held is given back: together these are more than there is.
    worker = Receiving(pb, stub, name)
    for number in range(20):
        one = ask(pb, stub, name, bytes(600_000))
        while len((delivery := worker.next()).value) < 600_000:
            worker.settle("ACK", delivery)
        reply(pb, stub, delivery, b"%d" % number * 300_000)
        assert len(one.result().reply.value) >= 300_000
        assert worker.settle("ACK", delivery) == []
    worker.cancel()
    broker.stop()
    assert not broker.panics()


def test_nobody_waits_at_a_broker_that_was_started_again(cluster, client, pb, name):
    one, three = client(cluster.brokers[1]), client(cluster.brokers[3])
    one.CreateQueue(pb.CreateQueueRequest(name=name, partitions=8, lease_ms=30_000, delivery_limit=10))
    asked = ask(pb, three, name, b"before")
    worker = Receiving(pb, one, name, timeout=300)
    before = worker.next()
    cluster.brokers[3].kill()
    with pytest.raises(grpc.RpcError) as error:
        asked.result()
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    until("it is known to have gone", lambda: is_gone(pb, one, before), 60, interval=0.2)
    cluster.launch(3)
    cluster.brokers[3].await_ready(60)
    until("the cluster is whole again", cluster.whole, 60, interval=0.2)
    until("it can be reached", lambda: _reaches(pb, client(cluster.brokers[3]), name), 60, interval=0.2)
    # It does not take the address for its own, whatever waits there.
    asked = ask(pb, client(cluster.brokers[3]), name, b"after")
    while (after := worker.next()).value != b"after":
        pass
    for by in (one, client(cluster.brokers[2]), client(cluster.brokers[3])):
        assert refused(lambda by=by: reply(pb, by, before, b"of an earlier life")) == GONE
    assert not asked.done()
    reply(pb, one, after, b"of this one")
    assert asked.result().reply.value == b"of this one"
    worker.cancel()


def _reaches(pb, stub, name) -> bool:
    try:
        return bool(stub.GetQueue(pb.GetQueueRequest(name=name), timeout=5).partitions)
    except grpc.RpcError:
        return False


def test_requests_are_answered_while_leaders_die(cluster, client, pb, name):
    """Each has its own reply, or an error that may be: while a broker that leads some of the partitions dies and comes back."""
    stub = client(cluster.brokers[1])
    stub.CreateQueue(pb.CreateQueueRequest(name=name, partitions=8, lease_ms=2000, delivery_limit=10))
    over, failures, told = threading.Event(), [], []

    def work(worker) -> None:
        try:
            by = client(cluster.brokers[1])
            while True:
                delivery = worker.next()
                worker.credit(1, delivery.cost)
                try:
                    reply(pb, by, delivery, b"re: " + delivery.value)
                except grpc.RpcError as error:
                    assert reason(error) == "REQUESTER_GONE", error
                worker.settle("ACK", delivery)
        except StopIteration:
            pass
        except BaseException as failure:  # noqa: BLE001  told by whoever waits
            failures.append(failure)

    def request(number: int) -> None:
        by, count = client(cluster.brokers[1]), 0
        try:
            while not over.is_set():
                count += 1
                value = b"%d/%d" % (number, count)
                try:
                    answer = by.Request(pb.RequestRequest(queue=name, message=pb.Message(value=value), timeout_ms=60_000), timeout=90)
                    assert answer.reply.value == b"re: " + value
                    told.append("replied")
                except grpc.RpcError as error:
                    assert reason(error) in AWAY, error
                    told.append(reason(error))
        except BaseException as failure:  # noqa: BLE001  told by whoever waits
            failures.append(failure)

    receivers = [Receiving(pb, client(cluster.brokers[1]), name, messages=100, timeout=600) for _ in range(3)]
    workers = [threading.Thread(target=work, args=(receiver,), daemon=True) for receiver in receivers]
    clients = [threading.Thread(target=request, args=(number,), daemon=True) for number in range(8)]
    for thread in workers + clients:
        thread.start()

    def more() -> None:
        before = told.count("replied")
        until("it goes on", lambda: failures or told.count("replied") > before + 200, 60, interval=0.2)
        assert not failures, failures

    more()
    for victim in (2, 3):
        cluster.brokers[victim].kill()
        more()
        comes_back(cluster, victim)
    more()
    over.set()
    for thread in clients:
        thread.join(60)
        assert not thread.is_alive()
    for receiver in receivers:
        receiver.outbox.close()
    for thread in workers:
        thread.join(60)
        assert not thread.is_alive()
    assert not failures, failures
    print({what: told.count(what) for what in set(told)})


def test_the_command_line(brokers, pb, stub, other, queue):
    def esker(*args, stdin: bytes | None = None) -> list:
        api = f"127.0.0.1:{brokers[0].api_port}"
        found = brokers[0].cli("queue", *args, "--api", api, "--output", "json", stdin=stdin).decode()
        return [json.loads(line) for line in found.splitlines()]

    answers = []
    asking = threading.Thread(target=lambda: answers.extend(esker("request", queue, "how much?", "--header", "h=v", "--key", "k")))
    asking.start()
    got, = esker("receive", queue, "--count", 1)
    assert (got["value"], got["key"]) == ("how much?", "k")
    assert {"key": "h", "value": "v"} in got["headers"]
    assert esker("reply", got["reply_to"], "--header", "currency=EUR", stdin=b"7") == [{"replied": True}]
    asking.join(60)
    answer, = answers
    assert (answer["value"], answer["headers"]) == ("7", [{"key": "currency", "value": "EUR"}])
    assert (answer["partition"], answer["offset"], answer["copies"]) == (got["partition"], got["offset"], [])
    Publishing(pb, stub, queue).publish(b"x")
    got, = esker("receive", queue, "--count", 1)
    assert got["reply_to"] is None
