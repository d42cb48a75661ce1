"""Delays, expiry, priorities, the order of keys, filters and routing in one queue, while brokers die."""

import random
import threading
import time
from collections import defaultdict

from queueing import Publishing, Receiving, depth

from harness.native import of_status, reason
from harness.strikes import brokers_die
from harness.wait import until

PARTITIONS, KEYS, IN_FLIGHT, AHEAD = 4, 24, 200, 1500
# How often a message is given out.
LIMIT = 10
LOST = {"LEASE_LOST", "OUTCOME_UNKNOWN"}
# On one machine all clocks are one.
EARLY_MS = 1


def now_ms() -> float:
    return time.time() * 1000


class Book:
    """What every worker has seen and said, under one lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.said, self.done, self.doubts, self.seen = {}, defaultdict(int), set(), {}
        # For each key: what was accepted for certain: when that was said, when it had come, and its offset.
        self.of_key = defaultdict(list)


class Worker(threading.Thread):
    def __init__(self, pb, stub, queue: str, book: Book, seed: int, text: str):
        super().__init__(daemon=True)
        self.receiver = Receiving(pb, stub, queue, messages=50, timeout=900, filter=text)
        self.book, self.chance, self.text, self.failure = book, random.Random(seed), text, None
        self.start()

    def run(self) -> None:
        try:
            while True:
                self.handle(self.receiver.next())
        except StopIteration:
            pass
        except BaseException as failure:  # noqa: BLE001  told by whoever waits
            self.failure = failure

    def handle(self, delivery) -> None:
        at, came, book = now_ms(), time.monotonic(), self.book
        headers = {header.key: header.value.decode() for header in delivery.headers}
        assert at + EARLY_MS >= int(headers.get("esker.deliver-at", 0)), "too early"
        assert not self.text or headers["colour"] == "red", "not what was asked for"
        place = (delivery.receipt.partition, delivery.receipt.offset)
        self.receiver.credit(1, delivery.cost)
        verdict = self.chance.choice(["ACK"] * 8 + ["NACK", "NACK"]) if delivery.receipt.delivery_count < 5 else "ACK"
        with book.lock:
            book.seen[place] = int(delivery.value)
            said = book.said.get(place)
        later = {"delay_ms": self.chance.choice([0, 50])} if verdict == "NACK" else {}
        moment = time.monotonic()
        failed = self.receiver.settle(verdict, delivery, **later)
        with book.lock:
            if failed:
                why = reason(failed[0].error)
                assert why in LOST, of_status(failed[0].error)
                if why == "OUTCOME_UNKNOWN":
                    book.doubts.add(place)
            elif verdict == "ACK":
                assert said is None, f"{place} was accepted before"
                book.said[place] = moment
                book.done[place] += 1
                if delivery.key:
                    book.of_key[delivery.key].append((moment, came, delivery.receipt.offset))


class Publisher(threading.Thread):
    """Publishes through the exchange: half of them keep an order by key, the others have times and priorities."""

    def __init__(self, pb, stub, exchange: str, book: Book, seed: int):
        super().__init__(daemon=True)
        self.pb, self.exchange, self.book, self.chance = pb, exchange, book, random.Random(seed)
        self.stream = Publishing(pb, stub, "", timeout=900)
        self.places, self.unknown, self.expiring, self.keys = {}, set(), set(), {}
        self.stopping, self.failure = threading.Event(), None
        self.start()

    def message(self, number: int):
        header = self.pb.Message.DESCRIPTOR.fields_by_name["headers"].message_type._concrete_class
        headers = [header(key="colour", value=self.chance.choice([b"red", b"blue"]))]
        if self.chance.random() < 0.5:
            self.keys[number] = b"k%d" % self.chance.randrange(KEYS)
            return self.pb.Message(key=self.keys[number], value=b"%d" % number, headers=headers)
        said = {"priority": self.chance.randrange(10)}
        if self.chance.random() < 0.4:
            said["delay_ms"] = self.chance.randrange(1, 3000)
        if self.chance.random() < 0.1:
            said["ttl_ms"] = self.chance.randrange(1, 2000)
            self.expiring.add(number)
        return self.pb.Message(value=b"%d" % number, headers=headers, **said)

    def run(self) -> None:
        try:
            sent = answered = 0
            while not self.stopping.is_set() or answered < sent:
                ahead = sent - len(self.book.seen)
                if not self.stopping.is_set() and sent - answered < IN_FLIGHT and (ahead < AHEAD or sent == answered):
                    request = self.pb.PublishRequest(id=sent, exchange=self.exchange, routing_key="jobs.now", message=self.message(sent))
                    self.stream.outbox.send(request)
                    sent += 1
                    continue
                answer = self.stream.answer()
                answered += 1
                match answer.WhichOneof("result"):
                    case "error":
                        assert reason(answer.error) == "OUTCOME_UNKNOWN", of_status(answer.error)
                        self.unknown.add(answer.id)
                    case _:
                        place, = self.written(answer)
                        self.places[place] = answer.id
            self.stream.close()
        except BaseException as failure:  # noqa: BLE001  told by whoever waits
            self.failure = failure

    @staticmethod
    def written(answer):
        return [(copy.partition, copy.offset) for copy in answer.routed.copies]


def test_everything_at_once(cluster, client, pb, name, request):
    kills = request.config.getoption("--kills")
    seed = request.config.getoption("--seed") or random.randrange(1, 1 << 30)
    chance, stub, book = random.Random(seed), client(cluster.brokers[1]), Book()
    stub.CreateQueue(pb.CreateQueueRequest(name=name, partitions=PARTITIONS, delivery_limit=LIMIT, lease_ms=5000, priority=True,
                                           key_order=True, dead_letter_topic=f"dlq.{name}"))
    make_exchange(pb, stub, f"x-{name}", name)
    publisher = Publisher(pb, stub, f"x-{name}", book, seed + 1)
    texts = ["", "", "", "headers.colour == 'red'"]
    workers = [Worker(pb, client(cluster.brokers[1]), name, book, seed + 10 + number, text) for number, text in enumerate(texts)]

    def accepted() -> int:
        for one in [publisher, *workers]:
            assert one.failure is None, one.failure
        return len(book.said)

    def more() -> None:
        before = accepted()
        until("the queue goes on", lambda: accepted() > before + 2 * IN_FLIGHT, 90, interval=0.2)

    brokers_die(cluster, chance, kills, more)
    publisher.stopping.set()
    publisher.join(120)
    until("the queue is empty", lambda: accepted() and depth(pb, stub, name) == {}, 90, interval=0.5)
    for worker in workers:
        worker.receiver.outbox.close()
        worker.join(60)
        assert not worker.is_alive() and worker.failure is None, worker.failure
    assert publisher.failure is None, publisher.failure
    print(f"{len(publisher.places)} published, {len(publisher.unknown)} unknown; {len(book.said)} accepted, {len(book.doubts)} in doubt; "
          f"--seed={seed}")
    assert set(book.done.values()) == {1}, "done with by one acknowledgement"
    # What was published and not accepted has expired, or its acknowledgement was not answered.
    letters, buried = Receiving(pb, stub, f"dlq.{name}", group=name), {}
    missing = {place: number for place, number in publisher.places.items() if place not in book.said and place not in book.doubts}
    while not set(missing) <= set(buried):
        headers = {header.key: header.value for header in letters.next().headers}
        place = (int(headers["__dlq.errors.partition"]), int(headers["__dlq.errors.offset"]))
        buried[place] = int(headers["__dlq.errors.delivery.count"])
    letters.close()
    given_up = {place: buried[place] for place, number in missing.items() if number not in publisher.expiring}
    assert not given_up, f"what cannot expire was accepted; how often these were given out: {given_up}"
    for place, number in publisher.places.items():
        assert book.seen.get(place, number) == number, "where the answer said"
    # Of each key: accepted one after another, in the order of the log; the next one came after that was said.
    assert len(book.of_key) == KEYS
    for key, accepted_of in book.of_key.items():
        in_log = sorted(accepted_of, key=lambda one: one[2])
        for (said, *_), (_, came, *_) in zip(in_log, in_log[1:], strict=False):
            assert said < came, f"{key}: one came before the one ahead of it was done"


def make_exchange(pb, stub, exchange: str, queue: str) -> None:
    """A topic exchange with the queue bound to it."""
    stub.CreateExchange(pb.CreateExchangeRequest(name=exchange, kind=pb.EXCHANGE_KIND_TOPIC))
    stub.Bind(pb.BindRequest(exchange=exchange, binding=pb.Binding(queue=queue, routing_key="jobs.#")))
