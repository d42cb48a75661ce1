"""Queues as a test uses them: publishers and receivers that can be talked to."""

from collections import deque

from harness.native import Outbox


class Publishing:
    """A publish stream."""

    def __init__(self, pb, stub, queue: str, timeout: float = 60):
        self.pb, self.queue = pb, queue
        self.outbox = Outbox()
        self.answers = stub.Publish(iter(self.outbox), timeout=timeout)

    def send(self, number: int, message, queue: str | None = None, **to) -> None:
        """To a queue, or to what `to` says: `exchange` and `routing_key`."""
        if not isinstance(message, self.pb.Message):
            message = self.pb.Message(value=message)
        to = to or {"queue": queue or self.queue}
        self.outbox.send(self.pb.PublishRequest(id=number, message=message, **to))

    def answer(self):
        return next(self.answers)

    def publish(self, *messages) -> list:
        """Each answered; where they are."""
        for number, message in enumerate(messages):
            self.send(number, message)
        found = {}
        for _ in messages:
            answer = self.answer()
            assert answer.HasField("published"), answer
            found[answer.id] = answer.published
        return [found[number] for number in range(len(messages))]

    def close(self) -> None:
        """Says the last and reads the end."""
        self.outbox.close()
        rest = list(self.answers)
        assert not rest, rest


class Receiving:
    """A receiver."""

    def __init__(self, pb, stub, queue: str, messages: int = 1 << 20, octets: int = 1 << 30, timeout: float = 60, **opening):
        self.pb, self.number = pb, 0
        credit = pb.ReceiveCredit(messages=messages, bytes=octets)
        self.outbox = Outbox(pb.ReceiveRequest(open=pb.ReceiveOpen(queue=queue, credit=credit, **opening)))
        self.answers = stub.Receive(iter(self.outbox), timeout=timeout)
        self.opened = next(self.answers).opened
        self.come, self.settled = deque(), {}

    def credit(self, messages: int, octets: int = 0) -> None:
        self.outbox.send(self.pb.ReceiveRequest(credit=self.pb.ReceiveCredit(messages=messages, bytes=octets)))

    def _read(self) -> None:
        answer = next(self.answers)
        match answer.WhichOneof("response"):
            case "messages":
                self.lease_ms = answer.messages.lease_ms
                self.come.extend(answer.messages.deliveries)
            case "settled":
                self.settled[answer.settled.id] = answer.settled
            case other:
                raise AssertionError(other)

    def next(self):
        while not self.come:
            self._read()
        return self.come.popleft()

    def take(self, count: int) -> list:
        return [self.next() for _ in range(count)]

    def say(self, verdict: str, *deliveries, **more) -> int:
        """Says it, and does not wait."""
        self.number += 1
        receipts = [getattr(delivery, "receipt", delivery) for delivery in deliveries]
        settle = self.pb.Settle(id=self.number, verdict=self.pb.Verdict.Value(f"VERDICT_{verdict}"), receipts=receipts, **more)
        self.outbox.send(self.pb.ReceiveRequest(settle=settle))
        return self.number

    def answer(self, number: int) -> list:
        """What of it does not count."""
        while number not in self.settled:
            self._read()
        return list(self.settled.pop(number).failed)

    def settle(self, verdict: str, *deliveries, **more) -> list:
        return self.answer(self.say(verdict, *deliveries, **more))

    def close(self) -> list:
        """Says the last and reads the end: what has come and was not taken."""
        self.outbox.close()
        try:
            while True:
                self._read()
        except StopIteration:
            return list(self.come)

    def cancel(self) -> None:
        self.outbox.close()
        self.answers.cancel()


def depth(pb, stub, queue: str, **which) -> dict:
    """How many messages of each kind, over all partitions."""
    found = stub.GetQueue(pb.GetQueueRequest(name=queue, **which), timeout=60)
    kinds = [field.name for field in pb.PartitionDepth.DESCRIPTOR.fields if field.name != "partition"]
    return {kind: total for kind in kinds if (total := sum(getattr(part, kind) for part in found.partitions))}
