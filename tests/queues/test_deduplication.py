"""Messages with ids: each is in its queue once, within the window, by whichever broker it comes and whoever dies."""

import json
import random
import threading
import time
import uuid
from collections import Counter, defaultdict

import grpc
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from queueing import Publishing, Receiving

from harness.esker import EskerBroker
from harness.native import Outbox, compiled, details, of_status, reason
from harness.strikes import brokers_die
from harness.wait import until

PARTITIONS, HOUR_MS = 4, 3_600_000
HEADER = "esker.deduplication-id"


@pytest.fixture
def stub(brokers, client):
    return client(brokers[0])


@pytest.fixture
def queue(pb, stub, name) -> str:
    return create(pb, stub, name)


def create(pb, stub, name: str, window_ms: int = HOUR_MS, **more) -> str:
    asked = pb.CreateQueueRequest(name=name, **{"partitions": PARTITIONS, "deduplication_window_ms": window_ms, **more})
    assert stub.CreateQueue(asked).queue.deduplication_window_ms == window_ms
    return name


def named(pb, identity: str, value: bytes = b"x", **more):
    return pb.Message(value=value, deduplication_id=identity, **more)


def place(published) -> tuple:
    return published.partition, published.offset


def contents(stub, queue: str) -> dict:
    """Everything in the queue's topic, by its place: value and id."""
    pb = compiled()["streams"][0]
    opening = pb.ConsumeOpen(topic=queue, start=pb.Position(earliest=pb.Unit()), until_end=True, credit_bytes=1 << 30)
    outbox, found = Outbox(pb.ConsumeRequest(open=opening)), {}
    for answer in stub.streams.Consume(iter(outbox), timeout=120):
        for record in answer.records.records:
            headers = {header.key: header.value.decode() for header in record.headers}
            found[answer.records.partition, record.offset] = (record.value, headers.get(HEADER))
    outbox.close()
    return found


def once(stub, queue: str) -> dict:
    """Where each id is: once."""
    ids = Counter(identity for _, identity in contents(stub, queue).values())
    assert set(ids.values()) <= {1}, {identity: count for identity, count in ids.items() if count > 1}
    return {identity: where for where, (_, identity) in contents(stub, queue).items()}


def test_a_second_message_of_an_id_is_answered_with_the_first(brokers, client, pb, stub, queue):
    out = Publishing(pb, stub, queue)
    first, other = out.publish(named(pb, "a", b"1"), named(pb, "b", b"2"))
    assert not first.duplicate and not other.duplicate
    # In one stream, by every broker, and together with what is new.
    again, = out.publish(named(pb, "a", b"3"))
    assert again.duplicate and place(again) == place(first)
    for number, broker in enumerate(brokers):
        elsewhere = Publishing(pb, client(broker), queue)
        fresh, known, plain = elsewhere.publish(named(pb, f"c{number}"), named(pb, "b"), b"no id")
        assert (fresh.duplicate, known.duplicate, plain.duplicate) == (False, True, False)
        assert place(known) == place(other)
        elsewhere.close()
    # Many times in what is written together.
    many = out.publish(*(named(pb, f"m{number % 7}", b"%d" % number) for number in range(100)))
    assert [one.duplicate for one in many] == [number >= 7 for number in range(100)]
    assert all(place(one) == place(many[number % 7]) for number, one in enumerate(many))
    out.close()
    found = contents(stub, queue)
    assert found[place(first)] == (b"1", "a") and found[place(many[3])] == (b"3", "m3")
    wanted = {"a", "b", *(f"c{number}" for number in range(len(brokers))), *(f"m{number}" for number in range(7))}
    assert Counter(identity for _, identity in found.values()) == Counter({**dict.fromkeys(wanted, 1), None: len(brokers)})
    receiver = Receiving(pb, stub, queue)
    headers = [{header.key: header.value for header in delivery.headers} for delivery in receiver.take(len(found))]
    assert sorted(one[HEADER].decode() for one in headers if HEADER in one) == sorted(wanted)
    receiver.close()


def test_many_publish_the_same_at_the_same_time(brokers, client, pb, stub, queue):
    count, streams = 600, 6
    answers, failures = defaultdict(set), []

    def work(seed: int) -> None:
        try:
            out = Publishing(pb, client(brokers[seed % len(brokers)]), queue)
            numbers = list(range(count))
            random.Random(seed).shuffle(numbers)
            for number, published in zip(numbers, out.publish(*(named(pb, f"{n}", b"%d" % n) for n in numbers)), strict=True):
                answers[number].add((*place(published), published.duplicate))
            out.close()
        except BaseException as failure:  # noqa: BLE001  told below
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(streams)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    where = once(stub, queue)
    assert set(where) == {f"{number}" for number in range(count)}
    for number, said in answers.items():
        assert {(partition, offset) for partition, offset, _ in said} == {where[f"{number}"]}
        assert {duplicate for _, _, duplicate in said} == {True, False}


def test_windows_that_change_meanwhile_let_nothing_through(brokers, client, pb, stub, queue):
    done, failures = [], []

    def work(seed: int) -> None:
        try:
            out = Publishing(pb, client(brokers[seed % len(brokers)]), queue)
            for first in range(0, 3000, 20):
                out.publish(*(named(pb, f"{number}") for number in range(first, first + 20)))
            out.close()
        except BaseException as failure:  # noqa: BLE001  told below
            failures.append(failure)
        done.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    # A longer window is another look at the log.
    changes = 0
    while len(done) < len(threads):
        create(pb, stub, queue, HOUR_MS + changes)
        changes += 1
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert changes > 5 and len(once(stub, queue)) == 3000


def test_ids_with_keys_are_told_apart_by_the_partition_of_the_key(pb, stub, queue):
    out = Publishing(pb, stub, queue)
    keys = [b"k%d" % number for number in range(20)]
    places = out.publish(*(named(pb, "same", key=key) for key in keys))
    partitions = {one.partition for one in places}
    assert len(partitions) == PARTITIONS, "keys go everywhere"
    assert sum(not one.duplicate for one in places) == PARTITIONS
    assert {place(one) for one in out.publish(*(named(pb, "same", key=key) for key in keys))} == {place(one) for one in places}
    # Without a key: wherever the id goes, always the same.
    spread = out.publish(*(named(pb, f"{number}") for number in range(20)))
    assert len({one.partition for one in spread}) > 1
    out.close()


def test_ids_count_for_the_window(pb, stub, name):
    create(pb, stub, name, 2_000, partitions=1)
    out = Publishing(pb, stub, name)
    first, = out.publish(named(pb, "a"))
    assert out.publish(named(pb, "a"))[0].duplicate
    began, seen = time.monotonic(), []

    def another() -> bool:
        seen.append(out.publish(named(pb, "a"))[0])
        return not seen[-1].duplicate
    until("its window has passed", another, 20)
    assert time.monotonic() - began > 1.5 and all(place(one) == place(first) for one in seen[:-1])
    # A longer window counts for what is there.
    create(pb, stub, name, HOUR_MS, partitions=1)
    later, = out.publish(named(pb, "a"))
    assert later.duplicate and place(later) == place(seen[-1])
    out.close()
    assert len(contents(stub, name)) == 2


def test_windows_are_set_and_taken_away(brokers, client, pb, stub, name):
    stub.CreateQueue(pb.CreateQueueRequest(name=name, partitions=1))
    known = lambda: stub.GetQueue(pb.GetQueueRequest(name=name)).queue.deduplication_window_ms  # noqa: E731
    assert known() == 0
    out = Publishing(pb, stub, name)

    def refused(message) -> str:
        out.send(1, message)
        error = of_status(out.answer().error)
        assert error["ErrorInfo"].reason == "INVALID_REQUEST"
        return error["BadRequest"].field_violations[0].field
    field = "message.deduplication_id"
    assert refused(named(pb, "a")) == field
    create(pb, stub, name, 60_000, partitions=1)
    assert known() == 60_000
    first, = out.publish(named(pb, "a"))
    assert out.publish(named(pb, "a"))[0].duplicate
    assert refused(named(pb, "x" * 129)) == field
    assert not out.publish(named(pb, "é" * 64))[0].duplicate
    # What says nothing leaves it as it is; Kafka's tools see it.
    stub.CreateQueue(pb.CreateQueueRequest(name=name, delivery_limit=3))
    assert known() == 60_000
    admin = AdminClient({"bootstrap.servers": brokers[0].bootstrap})
    resource = ConfigResource(ResourceType.TOPIC, name)
    shown = admin.describe_configs([resource])[resource].result(30)
    assert shown["esker.deduplication.window.ms"].value == "60000"
    off = ConfigEntry("esker.deduplication.window.ms", "0", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[off])
    admin.incremental_alter_configs([resource])[resource].result(30)
    until("it is off", lambda: known() == 0)
    assert refused(named(pb, "a")) == field
    for wrong in (1, 999, 86_400_001, 1 << 63):
        with pytest.raises(grpc.RpcError) as caught:
            stub.CreateQueue(pb.CreateQueueRequest(name=name, deduplication_window_ms=wrong))
        assert details(caught.value)["BadRequest"].field_violations[0].field == "deduplication_window_ms"
    create(pb, stub, name, partitions=1)
    again, = out.publish(named(pb, "a"))
    assert again.duplicate and place(again) == place(first)
    stub.CreateQueue(pb.CreateQueueRequest(name=name, deduplication_window_ms=0))
    assert refused(named(pb, "a")) == field
    out.close()


def test_what_came_otherwise_counts_once_it_is_there(brokers, pb, stub, queue):
    bootstrap = ",".join(broker.bootstrap for broker in brokers)
    producer = Producer({"bootstrap.servers": bootstrap})
    out = Publishing(pb, stub, queue)
    at, = out.publish(named(pb, "known"))

    def produce(client, identity: bytes, **more) -> None:
        client.produce(queue, b"kafka", partition=at.partition, key=b"k", headers=[(HEADER, identity)], **more)
    # In the partition of the key that is used below.
    key = next(key for number in range(100) if out.publish(pb.Message(key=(key := b"%d" % number)))[0].partition == at.partition)
    produce(producer, b"other")
    produce(producer, b"old", timestamp=int(time.time() * 1000) - 2 * HOUR_MS)
    produce(producer, b"")
    producer.flush(30)
    answers = out.publish(*(named(pb, identity, key=key) for identity in ("known", "other", "old", "new")))
    assert [one.duplicate for one in answers] == [True, True, False, False]
    assert contents(stub, queue)[place(answers[1])] == (b"kafka", "other")
    # Nobody knows how a transaction ends before it does; what it holds is no message to one who waits for its own.
    transactional = Producer({"bootstrap.servers": bootstrap, "transactional.id": f"t-{uuid.uuid4().hex}"})
    transactional.init_transactions(30)
    transactional.begin_transaction()
    produce(transactional, b"undecided")
    transactional.flush(30)
    answers = out.publish(named(pb, "undecided", key=key), named(pb, "other", key=key))
    assert [one.duplicate for one in answers] == [False, True]
    transactional.abort_transaction(30)
    out.close()


def test_each_queue_of_an_exchange_has_its_own(pb, stub, name):
    queues = [create(pb, stub, f"{name}-a"), create(pb, stub, f"{name}-b"), f"{name}-c"]
    stub.CreateQueue(pb.CreateQueueRequest(name=queues[2], partitions=1))
    stub.CreateExchange(pb.CreateExchangeRequest(name=name, kind=pb.EXCHANGE_KIND_FANOUT))
    for queue in queues:
        stub.Bind(pb.BindRequest(exchange=name, binding=pb.Binding(queue=queue)))
    out = Publishing(pb, stub, queues[0])
    alone, = out.publish(named(pb, "a"))

    def routed(identity: str) -> dict:
        out.send(1, named(pb, identity), exchange=name)
        answer = out.answer()
        assert answer.HasField("routed"), answer
        return {copy.queue: copy for copy in answer.routed.copies}
    first, second = routed("a"), routed("a")
    assert [first[queue].duplicate for queue in queues] == [True, False, False]
    assert [second[queue].duplicate for queue in queues] == [True, True, False]
    assert place(first[queues[0]]) == place(second[queues[0]]) == place(alone)
    assert place(first[queues[1]]) == place(second[queues[1]])
    # A queue without a window keeps it as a header.
    assert [identity for _, identity in contents(stub, queues[2]).values()] == ["a", "a"]
    out.close()


def test_dead_letters_come_back_with_their_ids(pb, stub, name):
    create(pb, stub, name, dead_letter_topic=f"dlq.{name}", partitions=1)
    out = Publishing(pb, stub, name)
    out.publish(named(pb, "a", b"letter"))
    receiver = Receiving(pb, stub, name)
    assert receiver.settle("REJECT", receiver.next()) == []
    until("it is moved", lambda: stub.Redrive(pb.RedriveRequest(queue=name), timeout=60).moved, 30)
    back = receiver.next()
    assert back.value == b"letter"
    again, = out.publish(named(pb, "a"))
    assert again.duplicate and place(again) == (back.receipt.partition, back.receipt.offset)
    receiver.close()
    out.close()


def test_the_command_line(brokers, name):
    def esker(*args):
        api = f"127.0.0.1:{brokers[0].api_port}"
        return json.loads(brokers[0].cli("queue", *args, "--api", api, "--output", "json").decode())
    assert esker("create", name, "--deduplication-window", 60)["deduplication_window_ms"] == 60_000
    assert esker("publish", name, "one", "--deduplication-id", "a") == {"queue": name, "published": 1, "duplicates": 0}
    assert esker("publish", name, "one", "--deduplication-id", "a")["duplicates"] == 1
    assert sum(part["ready"] for part in esker("describe", name)["depth"]) == 1
    assert esker("create", name, "--deduplication-window", 0)["deduplication_window_ms"] == 0


@pytest.fixture
def small(broker_kind, tmp_path):
    """A broker with little memory for ids."""
    if broker_kind != "esker":
        pytest.skip("only Esker has this API")
    broker = EskerBroker(tmp_path / "small", {"limits.deduplication_bytes_total": 1 << 20})
    yield broker.start()
    broker.stop()
    assert not broker.panics()


def test_ids_take_as_much_memory_as_they_may(small, client, pb, name):
    stub = client(small)
    create(pb, stub, name, 5_000, partitions=1)
    out = Publishing(pb, stub, name)
    written, limit = 0, None
    while limit is None:
        for number in range(written, written + 500):
            out.send(number, named(pb, f"{number}"))
        for _ in range(500):
            answer = out.answer()
            if answer.HasField("published"):
                written += 1
            else:
                limit = of_status(answer.error)
    assert limit["ErrorInfo"].reason == "DEDUPLICATION_LIMIT" and limit["RetryInfo"].retry_delay.seconds > 0
    assert limit["code"] == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert 5_000 < written <= (1 << 20) // 144
    assert len(contents(stub, name)) == written, "nothing else was written"
    # What needs no memory goes on.
    again, plain = out.publish(named(pb, "0"), b"no id")
    assert again.duplicate and not plain.duplicate
    # The next one reads it, within the same bounds.
    small.stop()
    small.start()
    out = Publishing(pb, client(small), name)
    again, = out.publish(named(pb, "0"))
    assert not again.duplicate or place(again) == (0, 0)
    out.close()


def test_ids_are_known_after_a_restart(small, client, pb, name):
    stub = client(small)
    create(pb, stub, name)
    out = Publishing(pb, stub, name)
    places = out.publish(*(named(pb, f"{number}") for number in range(500)))
    out.close()
    for end in (small.stop, small.kill):
        end()
        small.start()
        out = Publishing(pb, client(small), name)
        again = out.publish(*(named(pb, f"{number}") for number in range(500)))
        assert all(one.duplicate for one in again) and [place(one) for one in again] == [place(one) for one in places]
        out.close()
    assert len(contents(client(small), name)) == 500


def test_a_partition_that_cannot_be_read_yet_holds_up_no_other(cluster, client, pb, name):
    slow, fast = f"{name}-slow", f"{name}-fast"
    stub = client(cluster.brokers[1])
    create(pb, stub, slow, partitions=1)
    create(pb, stub, fast, partitions=16)
    out = Publishing(pb, stub, slow)
    before = out.publish(*(named(pb, f"{number}", bytes(1000)) for number in range(3000)))
    out.close()
    # What was there is in the object store alone after this, which takes its time, and then does not answer.
    for broker in cluster.brokers.values():
        broker.stop()
    cluster.start()
    cluster.s3.faults("latency_ms=10000")
    streams = [Publishing(pb, client(broker), slow, timeout=120) for broker in cluster.brokers.values()]
    began = time.monotonic()
    for out in streams:
        out.send(0, named(pb, "7"))
        for number in range(1, 100):
            out.send(number, named(pb, f"{number}"), queue=fast)
    for out in streams:
        answers = [out.answer() for _ in range(1, 100)]
        assert all(answer.HasField("published") for answer in answers), answers
        assert {answer.id for answer in answers} == set(range(1, 100)), "the one that waits is not among them"
    # A batch waits for five seconds before it is sent again.
    assert time.monotonic() - began < 4.5
    before_it = cluster.s3.faults("latency_ms=0&outage=true")["injected"]
    until("something was refused", lambda: cluster.s3.faults()["injected"] != before_it, 30)
    cluster.s3.faults("outage=false")
    for out in streams:
        waited = out.answer()
        assert waited.id == 0 and waited.published.duplicate and place(waited.published) == place(before[7]), waited
        out.close()
    assert len(once(stub, fast)) == 99


class Publisher(threading.Thread):
    """Publishes numbers, each again until it is answered, and some of those again; by a broker that may die."""

    def __init__(self, pb, make, brokers: list, queue: str, own: int):
        super().__init__(daemon=True)
        self.pb, self.make, self.brokers, self.queue, self.own = pb, make, brokers, queue, own
        self.chance, self.stopping, self.failure = random.Random(own), threading.Event(), None
        self.places, self.open, self.next, self.unknown, self.broken, self.duplicates = defaultdict(set), set(), 0, 0, 0, 0
        self.start()

    def run(self) -> None:
        try:
            while not self.stopping.is_set() or self.open:
                try:
                    self.stream(Publishing(self.pb, self.make(self.chance.choice(self.brokers)), self.queue, timeout=60))
                except grpc.RpcError:
                    self.broken += 1
        except BaseException as failure:  # noqa: BLE001  told by whoever waits
            self.failure = failure

    def stream(self, out: Publishing) -> None:
        # What was not answered by the last one.
        sent = list(self.open)
        for number in sent:
            self.send(out, number)
        under_way = len(sent)
        while True:
            if under_way < 100 and not self.stopping.is_set():
                # Of ten messages one is published twice, though it may have been answered.
                if self.next and self.chance.random() < 0.1:
                    number = self.chance.randrange(self.next)
                else:
                    number, self.next = self.next, self.next + 1
                self.open.add(number)
                self.send(out, number)
                under_way += 1
                continue
            if not under_way:
                return out.close()
            answer = out.answer()
            under_way -= 1
            if answer.HasField("published"):
                self.places[answer.id].add(place(answer.published))
                self.duplicates += answer.published.duplicate
                self.open.discard(answer.id)
            else:
                assert reason(answer.error) in {"OUTCOME_UNKNOWN", "NO_OWNER"}, of_status(answer.error)
                self.unknown += 1
                self.open.add(answer.id)
                self.send(out, answer.id)
                under_way += 1

    def send(self, out: Publishing, number: int) -> None:
        # Some have keys, as long as they live.
        more = {"key": b"%d" % (number % 10)} if number % 3 == 0 else {}
        out.send(number, named(self.pb, f"{self.own}-{number}", b"%d" % number, **more))


def test_every_id_is_there_once_whoever_dies(cluster, client, pb, name, request):
    kills = request.config.getoption("--kills")
    seed = request.config.getoption("--seed") or random.randrange(1, 1 << 30)
    chance = random.Random(seed)
    create(pb, client(cluster.brokers[1]), name, 600_000, partitions=8)
    # Messages without ids, and of others, are among them.
    plain = Publishing(pb, client(cluster.brokers[1]), name, timeout=900)
    publishers = [Publisher(pb, client, list(cluster.brokers.values()), name, own) for own in range(3)]

    def answered() -> int:
        for one in publishers:
            assert one.failure is None, one.failure
        return sum(len(one.places) for one in publishers)

    def more() -> None:
        before = answered()
        plain.send(0, b"0")
        plain.answer()
        until("publishing goes on", lambda: answered() > before + 500, 60, interval=0.2)

    brokers_die(cluster, chance, kills, more, killed=0.7)
    for one in publishers:
        one.stopping.set()
    for one in publishers:
        one.join(120)
        assert not one.is_alive() and one.failure is None, one.failure
    found = contents(client(cluster.brokers[1]), name)
    ids = Counter(identity for _, identity in found.values() if identity)
    said = {f"{one.own}-{number}": where for one in publishers for number, where in one.places.items()}
    print(f"{len(said)} ids, {sum(one.duplicates for one in publishers)} duplicates, {sum(one.unknown for one in publishers)} "
          f"unknown, {sum(one.broken for one in publishers)} streams broken; --seed={seed}")
    twice = {identity: [where for where, (_, other) in found.items() if other == identity] for identity, n in ids.items() if n > 1}
    assert not twice, twice
    assert set(ids) == set(said), "all of them, and no other"
    for identity, where in said.items():
        (only,) = where
        assert found[only] == (identity.split("-")[1].encode(), identity)
