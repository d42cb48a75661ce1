"""Exchanges: one publish goes to every queue with a binding that matches, once to each, and nowhere else."""

import json
import random
import threading
from collections import Counter

import grpc
import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from queueing import Publishing, Receiving, depth

from harness.native import compiled, details, of_status, reason
from harness.strikes import brokers_die
from harness.wait import until

HEADER = compiled()["streams"][0].Header


@pytest.fixture
def stub(brokers, client):
    return client(brokers[0])


@pytest.fixture
def queues(pb, stub, name) -> list[str]:
    """Three of them, by name."""
    made = [f"{name}-{letter}" for letter in "abc"]
    for queue in made:
        stub.CreateQueue(pb.CreateQueueRequest(name=queue, partitions=2))
    return made


def create(pb, stub, exchange: str, kind: str):
    return stub.CreateExchange(pb.CreateExchangeRequest(name=exchange, kind=f"EXCHANGE_KIND_{kind}"))


def bind(pb, stub, exchange: str, queue: str, key: str = "", headers: dict | None = None, any_of: bool = False) -> bool:
    return stub.Bind(pb.BindRequest(exchange=exchange, binding=binding(pb, queue, key, headers, any_of))).created


def binding(pb, queue: str, key: str = "", headers: dict | None = None, any_of: bool = False):
    headers = [HEADER(key=name, value=value) for name, value in (headers or {}).items()]
    wanted = "HEADER_MATCH_ANY" if any_of else "HEADER_MATCH_UNSPECIFIED"
    return pb.Binding(queue=queue, routing_key=key, headers=headers, header_match=wanted)


def routed(answer) -> set[str]:
    """The queues that have it."""
    assert answer.HasField("routed"), answer
    queues = [copy.queue for copy in answer.routed.copies]
    assert len(queues) == len(set(queues)), "once to each"
    return set(queues)


def content(pb, stub, queue: str) -> Counter:
    """What is in a queue; it is empty afterwards."""
    count = depth(pb, stub, queue).get("ready", 0)
    receiver = Receiving(pb, stub, queue)
    got = receiver.take(count)
    assert not got or receiver.settle("ACK", *got) == []
    assert receiver.close() == []
    return Counter(delivery.value for delivery in got)


def test_each_kind_finds_its_queues(pb, stub, name, queues):
    one, two, three = queues
    bindings = {
        "DIRECT": [(one, "k"), (one, "l"), (two, "k"), (three, "")],
        "TOPIC": [(one, "order.*.paid"), (one, "order.#"), (two, "#.paid"), (three, "*")],
        "FANOUT": [(one,), (two,), (three,)],
        "HEADERS": [(one, "", {"h": b"1", "i": None}), (two, "", {"h": b"1", "i": b"2"}, True), (three, "", {"j": None})],
    }
    expected = {
        "DIRECT": {("k",): {one, two}, ("l",): {one}, ("",): {three}, ("m",): set()},
        "TOPIC": {("order.eu.paid",): {one, two}, ("order",): {one, three}, ("order.eu.new",): {one}, ("paid",): {two, three},
                  ("a.b.c.paid",): {two}, ("a.b",): set(), ("",): set()},
        "FANOUT": {("",): {one, two, three}, ("whatever",): {one, two, three}},
        "HEADERS": {("", ("h", b"1"), ("i", b"9")): {one, two}, ("", ("h", b"2"), ("h", b"1")): {two}, ("", ("i", b"2")): {two},
                    ("", ("i", b"3")): set(), ("", ("j", b"")): {three}},
    }
    sent = {queue: Counter() for queue in queues}
    for kind, given in bindings.items():
        exchange = f"{name}-{kind.lower()}"
        assert create(pb, stub, exchange, kind).created
        assert all([bind(pb, stub, exchange, *what) for what in given])
        out = Publishing(pb, stub, "")
        for number, ((key, *headers), to) in enumerate(expected[kind].items()):
            value = f"{kind} {key} {headers}".encode()
            headers = [HEADER(key=header, value=octets) for header, octets in headers]
            out.send(number, pb.Message(value=value, headers=headers), exchange=exchange, routing_key=key)
            answer = out.answer()
            assert answer.id == number
            if not to:
                assert reason(answer.error) == "UNROUTABLE", answer
                assert of_status(answer.error)["code"] == grpc.StatusCode.NOT_FOUND.value[0]
                continue
            assert routed(answer) == to, (kind, key, headers)
            for queue in to:
                sent[queue][value] += 1
        out.close()
    assert {queue: content(pb, stub, queue) for queue in queues} == sent


def test_many_go_together_and_each_is_where_its_answer_says(brokers, client, pb, stub, name, queues):
    create(pb, stub, name, "TOPIC")
    for queue, key in zip(queues, ["#", "even.*", "odd.#"], strict=True):
        bind(pb, stub, name, queue, key)
    # By another broker than the one that has made it, which hears of it by itself.
    other = client(brokers[-1])
    until("it has heard", lambda: len(other.GetExchange(pb.GetExchangeRequest(name=name)).exchange.bindings) == 3)
    out, count = Publishing(pb, other, ""), 2000
    for number in range(count):
        key = f"{'odd' if number % 2 else 'even'}.{number}"
        out.send(number, b"%d" % number, exchange=name, routing_key=key)
    places = {}
    for _ in range(count):
        answer = out.answer()
        assert routed(answer) == {queues[0], queues[1 + answer.id % 2]}
        places.update({(copy.queue, copy.partition, copy.offset): b"%d" % answer.id for copy in answer.routed.copies})
    out.close()
    assert len(places) == 2 * count
    for queue in queues:
        receiver = Receiving(pb, stub, queue)
        for delivery in receiver.take(sum(1 for place in places if place[0] == queue)):
            assert places.pop((queue, delivery.receipt.partition, delivery.receipt.offset)) == delivery.value
        receiver.close()
    assert not places


def test_a_queue_that_is_deleted_is_bound_no_more(brokers, client, pb, stub, name, queues):
    admin = AdminClient({"bootstrap.servers": ",".join(broker.bootstrap for broker in brokers)})
    create(pb, stub, name, "FANOUT")
    for queue in queues[:2]:
        bind(pb, stub, name, queue)
    out = Publishing(pb, client(brokers[-1]), "")

    def publish():
        out.send(1, b"x", exchange=name)
        return out.answer()
    
    def gets(wanted: set[str]) -> bool:
        answer = publish()
        return answer.HasField("routed") and routed(answer) == wanted
    until("both get it", lambda: gets(set(queues[:2])))
    admin.delete_topics([queues[0]])[queues[0]].result(30)
    until("it is passed over", lambda: gets({queues[1]}))
    # Another one of its name is not bound, until it is.
    stub.CreateQueue(pb.CreateQueueRequest(name=queues[0], partitions=2))
    assert routed(publish()) == {queues[1]}
    known = stub.GetExchange(pb.GetExchangeRequest(name=name)).exchange
    assert (known.binding_count, [bound.queue for bound in known.bindings]) == (1, [queues[1]])
    assert bind(pb, stub, name, queues[0])
    until("it is bound", lambda: gets(set(queues[:2])))
    admin.delete_topics([queues[1]])[queues[1]].result(30)
    admin.delete_topics([queues[0]])[queues[0]].result(30)

    def gets_nowhere() -> bool:
        answer = publish()
        return answer.HasField("error") and reason(answer.error) == "UNROUTABLE"
    until("nobody gets it", gets_nowhere)
    with pytest.raises(grpc.RpcError) as caught:
        bind(pb, stub, name, queues[0])
    assert reason(caught.value) == "TOPIC_NOT_FOUND"


def test_what_is_written_in_part_says_where(brokers, pb, stub, name, queues):
    create(pb, stub, name, "FANOUT")
    for queue in queues:
        bind(pb, stub, name, queue)
    admin = AdminClient({"bootstrap.servers": ",".join(broker.bootstrap for broker in brokers)})
    small = ConfigEntry("max.message.bytes", "1000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, queues[1], incremental_configs=[small])
    admin.incremental_alter_configs([resource])[resource].result(30)
    out = Publishing(pb, stub, "")

    def publish():
        out.send(7, b"x" * 5000, exchange=name)
        return out.answer()
    until("the topic is as it was made", lambda: publish().HasField("error"))
    answer = publish()
    assert (answer.id, reason(answer.error)) == (7, "BATCH_TOO_LARGE")
    assert of_status(answer.error)["ErrorInfo"].metadata["queue"] == queues[1]
    assert {copy.queue for copy in answer.copies} == {queues[0], queues[2]}
    out.send(8, b"small", exchange=name)
    assert routed(out.answer()) == set(queues)
    out.close()
    where = {copy.queue: (copy.partition, copy.offset) for copy in answer.copies}
    for queue, place in where.items():
        count = depth(pb, stub, queue)["ready"]
        got = Receiving(pb, stub, queue)
        assert place in {(one.receipt.partition, one.receipt.offset) for one in got.take(count)}
        got.close()


def test_exchanges_are_made_and_changed_once(pb, stub, name, queues):
    made = create(pb, stub, name, "TOPIC")
    assert made.created and made.exchange.kind == pb.EXCHANGE_KIND_TOPIC
    assert not create(pb, stub, name, "TOPIC").created
    assert bind(pb, stub, name, queues[0], "a.*") and not bind(pb, stub, name, queues[0], "a.*")
    assert bind(pb, stub, name, queues[0], "a.#") and bind(pb, stub, name, queues[1], "a.*")
    unbind = pb.UnbindRequest(exchange=name, binding=binding(pb, queues[0], "a.*"))
    assert stub.Unbind(unbind).removed and not stub.Unbind(unbind).removed
    known = stub.GetExchange(pb.GetExchangeRequest(name=name)).exchange
    assert {(bound.queue, bound.routing_key) for bound in known.bindings} == {(queues[0], "a.#"), (queues[1], "a.*")}
    others = [f"{name}-{number}" for number in range(5)]
    for other in others:
        create(pb, stub, other, "FANOUT")
    found, token = [], ""
    while token or not found:
        page = stub.ListExchanges(pb.ListExchangesRequest(prefix=name, page_size=2, page_token=token))
        assert len(page.exchanges) <= 2
        found += [(exchange.name, exchange.binding_count) for exchange in page.exchanges]
        token = page.next_page_token
    assert found == [(name, 2), *((other, 0) for other in others)]
    stub.DeleteExchange(pb.DeleteExchangeRequest(name=name))
    for call in (lambda: stub.DeleteExchange(pb.DeleteExchangeRequest(name=name)),
                 lambda: stub.GetExchange(pb.GetExchangeRequest(name=name)),
                 lambda: bind(pb, stub, name, queues[0], "x")):
        with pytest.raises(grpc.RpcError) as caught:
            call()
        assert (caught.value.code(), reason(caught.value)) == (grpc.StatusCode.NOT_FOUND, "EXCHANGE_NOT_FOUND")


def test_many_bind_at_the_same_time_at_all_brokers(brokers, client, pb, stub, name, queues):
    create(pb, stub, name, "DIRECT")
    failures = []

    def work(number: int) -> None:
        try:
            own = client(brokers[number % len(brokers)])
            for key in range(5):
                until("it is bound", lambda: tries(own, f"{number}-{key}"), 30)
        except BaseException as failure:  # noqa: BLE001  told by whoever waits
            failures.append(failure)

    def tries(own, key: str) -> bool:
        try:
            return bind(pb, own, name, queues[0], key)
        except grpc.RpcError as error:
            assert reason(error) == "STORAGE", error
            return False
    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    until("all are there", lambda: stub.GetExchange(pb.GetExchangeRequest(name=name)).exchange.binding_count == 30)


def test_what_makes_no_sense_is_refused(pb, stub, name, queues):
    def refused(call) -> grpc.RpcError:
        with pytest.raises(grpc.RpcError) as caught:
            call()
        return caught.value

    def field(call) -> str:
        error = refused(call)
        assert (error.code(), reason(error)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
        return details(error)["BadRequest"].field_violations[0].field

    for bad in ["", "a b", "__own", "x" * 250, "../topics/x"]:
        assert field(lambda bad=bad: create(pb, stub, bad, "FANOUT")) == "name"
    assert field(lambda: create(pb, stub, name, "UNSPECIFIED")) == "kind"
    assert field(lambda: stub.CreateExchange(pb.CreateExchangeRequest(name=name, kind=99))) == "kind"
    kinds = ["DIRECT", "TOPIC", "FANOUT", "HEADERS"]
    for kind in kinds:
        create(pb, stub, f"{name}-{kind}", kind)
        other = kinds[kinds.index(kind) - 1]
        error = refused(lambda kind=kind, other=other: create(pb, stub, f"{name}-{kind}", other))
        assert (error.code(), reason(error)) == (grpc.StatusCode.ALREADY_EXISTS, "EXCHANGE_EXISTS")
    queue = queues[0]
    for kind, args, wrong in [
        ("DIRECT", (queue, "x" * 256), "binding.routing_key"),
        ("DIRECT", (queue, "", {"h": b""}), "binding.headers"),
        ("DIRECT", (queue, "", {}, True), "binding.header_match"),
        ("TOPIC", (queue, ".".join("*" * 33)), "binding.routing_key"),
        ("FANOUT", (queue, "k"), "binding.routing_key"),
        ("HEADERS", (queue,), "binding.headers"),
        ("HEADERS", (queue, "k", {"h": b""}), "binding.routing_key"),
        ("HEADERS", (queue, "", {f"{number}": b"" for number in range(17)}), "binding.headers"),
        ("HEADERS", (queue, "", {"h": b"x" * 256}), "binding.headers"),
    ]:
        assert field(lambda kind=kind, args=args: bind(pb, stub, f"{name}-{kind}", *args)) == wrong, (kind, args)
    assert reason(refused(lambda: bind(pb, stub, f"{name}-FANOUT", "not-there"))) == "TOPIC_NOT_FOUND"
    assert reason(refused(lambda: bind(pb, stub, f"{name}-FANOUT", "__share_group_state"))) == "TOPIC_NOT_FOUND"
    assert field(lambda: stub.ListExchanges(pb.ListExchangesRequest(page_size=1001))) == "page_size"
    out = Publishing(pb, stub, queue)
    for request, why in [
        ({"queue": queue, "exchange": name}, "INVALID_REQUEST"),
        ({"queue": queue, "routing_key": "k"}, "INVALID_REQUEST"),
        ({"exchange": f"{name}-DIRECT", "routing_key": "k" * 256}, "INVALID_REQUEST"),
        ({"exchange": "not-there"}, "EXCHANGE_NOT_FOUND"),
        ({"exchange": "not\0there" * 99}, "EXCHANGE_NOT_FOUND"),
        ({"exchange": f"{name}-FANOUT"}, "UNROUTABLE"),
        ({}, "TOPIC_NOT_FOUND"),
    ]:
        out.outbox.send(pb.PublishRequest(id=9, message=pb.Message(value=b"x"), **request))
        assert reason(out.answer().error) == why, request
    out.publish(b"the stream goes on")
    out.close()


def test_limits(queue_single, client, pb, name):
    stub = client(queue_single[0])
    queues = [name]
    stub.CreateQueue(pb.CreateQueueRequest(name=name, partitions=1))
    create(pb, stub, name, "DIRECT")
    for number in range(1000):
        assert bind(pb, stub, name, queues[0], f"{number}")
    with pytest.raises(grpc.RpcError) as caught:
        bind(pb, stub, name, queues[0], "one more")
    assert (caught.value.code(), reason(caught.value)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "EXCHANGE_LIMIT")
    assert not bind(pb, stub, name, queues[0], "5"), "what is there can still be said"
    out = Publishing(pb, stub, "")
    out.send(1, b"x", exchange=name, routing_key="999")
    assert routed(out.answer()) == {queues[0]}
    out.close()


def test_every_matching_queue_has_what_was_answered_whoever_dies(cluster, client, pb, name, request):
    kills = min(request.config.getoption("--kills"), 5)
    seed = request.config.getoption("--seed") or random.randrange(1, 1 << 30)
    chance = random.Random(seed)
    # All talk to broker 1, which stays.
    stub = client(cluster.brokers[1])
    keys = {f"{name}-all": "#", f"{name}-even": "even.*", f"{name}-odd": "odd", f"{name}-third": "*.third"}
    create(pb, stub, name, "TOPIC")
    for queue, key in keys.items():
        stub.CreateQueue(pb.CreateQueueRequest(name=queue, partitions=6))
        bind(pb, stub, name, queue, key)

    def key_of(number: int) -> str:
        return "odd" if number % 2 else f"even.{'third' if number % 3 == 0 else 'other'}"

    def to(number: int) -> set[str]:
        if number % 2:
            return {f"{name}-all", f"{name}-odd"}
        return {f"{name}-all", f"{name}-even", *([f"{name}-third"] if number % 3 == 0 else [])}

    answered, partly, stopping, failure = {}, {}, threading.Event(), []

    def publish() -> None:
        try:
            out, sent, done = Publishing(pb, stub, "", timeout=600), 0, 0
            while not stopping.is_set() or done < sent:
                if not stopping.is_set() and sent - done < 200:
                    out.send(sent, b"%d" % sent, exchange=name, routing_key=key_of(sent))
                    sent += 1
                    continue
                answer = out.answer()
                done += 1
                if answer.HasField("routed"):
                    assert routed(answer) == to(answer.id)
                    answered[answer.id] = answer.routed.copies
                else:
                    assert reason(answer.error) == "OUTCOME_UNKNOWN", of_status(answer.error)
                    assert of_status(answer.error)["ErrorInfo"].metadata["queue"] in to(answer.id)
                    assert {copy.queue for copy in answer.copies} < to(answer.id)
                    partly[answer.id] = answer.copies
            out.close()
        except BaseException as error:  # noqa: BLE001  told by whoever waits
            failure.append(error)
    thread = threading.Thread(target=publish, daemon=True)
    thread.start()

    def more() -> None:
        before = len(answered)
        until("publishing goes on", lambda: failure or len(answered) > before + 500, 60, interval=0.2)
        assert not failure, failure
    brokers_die(cluster, chance, kills, more, killed=1)
    stopping.set()
    thread.join(120)
    assert not thread.is_alive() and not failure, failure
    print(f"{len(answered)} answered, {len(partly)} in doubt; --seed={seed}")
    for queue in keys:
        count, there = depth(pb, stub, queue)["ready"], {}
        receiver = Receiving(pb, stub, queue, timeout=120)
        while len(there) < count:
            got = receiver.take(min(500, count - len(there)))
            there.update({(one.receipt.partition, one.receipt.offset): int(one.value) for one in got})
            assert receiver.settle("ACK", *got) == []
        receiver.close()
        times = Counter(there.values())
        expected = {number for number in answered if queue in to(number)}
        assert {number: times[number] for number in expected} == dict.fromkeys(expected, 1), "once in each that matches"
        assert set(times) - expected <= {number for number in partly if queue in to(number)}, "and in no other"
        for number, copies in [*answered.items(), *partly.items()]:
            for copy in copies:
                if copy.queue == queue:
                    assert there[copy.partition, copy.offset] == number


def test_exchanges_are_there_after_all_brokers_were_not(cluster, client, pb, name):
    stub = client(cluster.brokers[1])
    create(pb, stub, name, "FANOUT")
    stub.CreateQueue(pb.CreateQueueRequest(name=name, partitions=1))
    bind(pb, stub, name, name)
    for broker in cluster.brokers.values():
        broker.kill()
    for number in cluster.brokers:
        cluster.launch(number)
    for broker in cluster.brokers.values():
        broker.await_ready(60)
    out = Publishing(pb, client(cluster.brokers[2]), "")
    out.send(1, b"x", exchange=name)
    assert routed(out.answer()) == {name}
    out.close()


@pytest.fixture
def esker(brokers):
    def run(*args, stdin: bytes | None = None):
        api = f"127.0.0.1:{brokers[0].api_port}"
        found = brokers[0].cli(*args, "--api", api, "--output", "json", stdin=stdin).decode()
        return [json.loads(line) for line in found.splitlines()]
    return run


def test_the_command_line(esker, name, queues):
    one, two, _ = queues
    made, = esker("exchange", "create", name, "--kind", "topic")
    assert made == {"exchange": name, "kind": "topic", "created": True}
    done, = esker("exchange", "bind", name, one, "--routing-key", "a.*")
    assert done == {"exchange": name, "queue": one, "created": True}
    esker("exchange", "bind", name, two, "-r", "#")
    done, = esker("queue", "publish", "--exchange", name, "--routing-key", "a.b", "first", "second")
    assert done == {"exchange": name, "published": 2, "copies": 4}
    done, = esker("queue", "publish", "-x", name, "-r", "c", stdin=b"third\n")
    assert done == {"exchange": name, "published": 1, "copies": 1}
    assert sorted(m["value"] for m in esker("queue", "receive", one, "--count", 2)) == ["first", "second"]
    described, = esker("exchange", "describe", name)
    wanted = [{"queue": one, "routing_key": "a.*", "headers": [], "any": False},
              {"queue": two, "routing_key": "#", "headers": [], "any": False}]
    assert sorted(described["bindings"], key=lambda bound: bound["queue"]) == wanted
    listed, = esker("exchange", "list", name)
    assert listed == [{"exchange": name, "kind": "topic", "bindings": 2}]
    done, = esker("exchange", "unbind", name, one, "--routing-key", "a.*")
    assert done["removed"]
    by_headers = f"{name}-headers"
    esker("exchange", "create", by_headers, "--kind", "headers")
    esker("exchange", "bind", by_headers, one, "-H", "h=1", "-H", "i", "--any")
    described, = esker("exchange", "describe", by_headers)
    assert described["bindings"] == [{"queue": one, "routing_key": "", "headers": ["h=1", "i"], "any": True}]
    done, = esker("queue", "publish", "-x", by_headers, "-H", "i=whatever", "text")
    assert done["copies"] == 1
    with pytest.raises(AssertionError, match="no queue is bound"):
        esker("queue", "publish", "-x", by_headers, "text")
    for exchange in (name, by_headers):
        assert esker("exchange", "delete", exchange) == [{"exchange": exchange, "deleted": True}]
    with pytest.raises(AssertionError, match="does not exist"):
        esker("exchange", "describe", name)
