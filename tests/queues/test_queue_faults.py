"""Queues go on while the brokers that lead them die, stop and come back: every message is accepted by one acknowledgement."""

import random
import threading
from collections import Counter

from queueing import Publishing, Receiving, depth

from harness.native import of_status, reason
from harness.strikes import brokers_die
from harness.wait import until

PARTITIONS, IN_FLIGHT, AHEAD = 8, 200, 1000
# What may be said of a message whose leader has changed.
LOST = {"LEASE_LOST", "OUTCOME_UNKNOWN"}


class Worker(threading.Thread):
    """Says of every message what its number asks for, until its stream is closed."""

    def __init__(self, pb, stub, queue: str):
        super().__init__(daemon=True)
        self.receiver = Receiving(pb, stub, queue, messages=100, timeout=600)
        self.failure, self.said = None, {"ACK": Counter(), "NACK": Counter(), "REJECT": Counter()}
        self.values, self.doubts = {}, set()
        self.start()

    def run(self) -> None:
        try:
            while True:
                delivery = self.receiver.next()
                self.receiver.credit(1, delivery.cost)
                place = (delivery.receipt.partition, delivery.receipt.offset)
                number = int(delivery.value)
                self.values[place] = number
                verdict = "ACK"
                if number % 50 == 7:
                    verdict = "REJECT"
                elif number % 10 == 3 and delivery.receipt.delivery_count == 1:
                    verdict = "NACK"
                later = {"delay_ms": 500} if verdict == "NACK" and number % 20 == 3 else {}
                failed = self.receiver.settle(verdict, delivery, **later)
                if not failed:
                    self.said[verdict][place] += 1
                else:
                    why = reason(failed[0].error)
                    assert why in LOST, of_status(failed[0].error)
                    if why == "OUTCOME_UNKNOWN":
                        self.doubts.add(place)
        except StopIteration:
            pass
        except BaseException as failure:  # noqa: BLE001  told by whoever waits
            self.failure = failure


class Publisher(threading.Thread):
    """Publishes numbers until it is told to stop, not too far ahead of those who receive them."""

    def __init__(self, pb, stub, queue: str, behind: list[Worker]):
        super().__init__(daemon=True)
        self.behind = behind
        self.stream = Publishing(pb, stub, queue, timeout=600)
        self.places, self.unknown, self.stopping, self.failure = {}, set(), threading.Event(), None
        self.start()

    def run(self) -> None:
        try:
            sent = answered = 0
            while not self.stopping.is_set() or answered < sent:
                ahead = sent - sum(len(worker.values) for worker in self.behind)
                if not self.stopping.is_set() and sent - answered < IN_FLIGHT and (ahead < AHEAD or sent == answered):
                    self.stream.send(sent, b"%d" % sent)
                    sent += 1
                    continue
                answer = self.stream.answer()
                answered += 1
                if answer.HasField("published"):
                    self.places[answer.published.partition, answer.published.offset] = answer.id
                else:
                    assert reason(answer.error) == "OUTCOME_UNKNOWN", of_status(answer.error)
                    self.unknown.add(answer.id)
            self.stream.close()
        except BaseException as failure:  # noqa: BLE001  told by whoever waits
            self.failure = failure


def test_every_message_is_accepted_once_whoever_dies(cluster, client, pb, name, request):
    kills = request.config.getoption("--kills")
    seed = request.config.getoption("--seed") or random.randrange(1, 1 << 30)
    chance = random.Random(seed)
    # All talk to broker 1, which stays; one receiver is of broker 1 alone, as are its leaders in part.
    stub = client(cluster.brokers[1])
    stub.CreateQueue(pb.CreateQueueRequest(name=name, partitions=PARTITIONS, delivery_limit=10, lease_ms=5000,
                                           dead_letter_topic=f"dlq.{name}"))
    workers = [Worker(pb, client(cluster.brokers[1]), name) for _ in range(4)]
    publisher = Publisher(pb, stub, name, workers)

    def accepted() -> int:
        for one in [publisher, *workers]:
            assert one.failure is None, one.failure
        return sum(len(worker.said["ACK"]) for worker in workers)

    def more() -> None:
        before = accepted()
        until("the queue goes on", lambda: accepted() > before + 3 * IN_FLIGHT, 60, interval=0.2)

    brokers_die(cluster, chance, kills, more)
    publisher.stopping.set()
    publisher.join(120)
    until("the queue is empty", lambda: accepted() and depth(pb, stub, name) == {}, 60, interval=0.5)
    for worker in workers:
        worker.receiver.outbox.close()
        worker.join(60)
        assert not worker.is_alive() and worker.failure is None, worker.failure
    settled = {verdict: sum((worker.said[verdict] for worker in workers), Counter()) for verdict in ("ACK", "NACK", "REJECT")}
    values = {place: number for worker in workers for place, number in worker.values.items()}
    doubts = set().union(*(worker.doubts for worker in workers))
    print(f"{len(publisher.places)} published, {len(publisher.unknown)} unknown; {len(settled['ACK'])} accepted, "
          f"{len(settled['NACK'])} put back, {len(settled['REJECT'])} rejected, {len(doubts)} in doubt; --seed={seed}")
    final = settled["ACK"] + settled["REJECT"]
    assert set(final.values()) == {1}, "done with by one acknowledgement"
    assert set(publisher.places) <= set(values), "all of them were given out"
    assert {place: values[place] for place in publisher.places} == publisher.places
    assert set(values) - set(final) <= doubts, "and done with, as far as somebody knows"
    extra = set(values) - set(publisher.places)
    assert {values[place] for place in extra} <= publisher.unknown, "and nothing else is there"
    # What was rejected is in the dead letters, and nowhere else.
    letters = Receiving(pb, stub, f"dlq.{name}", group=name)
    rejected = {place for place, number in values.items() if number % 50 == 7}
    buried = set()
    while len(buried) < len(rejected):
        letter = letters.next()
        headers = {header.key: header.value for header in letter.headers}
        buried.add((int(headers["__dlq.errors.partition"]), int(headers["__dlq.errors.offset"])))
    assert buried == rejected
    letters.close()
