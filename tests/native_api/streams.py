"""Streams of the native API as generators that a test can talk to."""

from harness.native import Outbox, details, of_status, reason  # noqa: F401  for the tests


class Producing:
    """A produce stream."""

    def __init__(self, pb, stub, timeout: float = 60, **opening):
        self.pb = pb
        self.outbox = Outbox(pb.ProduceRequest(open=pb.ProduceOpen(**opening)))
        self.answers = stub.Produce(iter(self.outbox), timeout=timeout)
        self.producer = next(self.answers).opened.producer

    def send(self, number: int, topic: str, values: list, **more) -> None:
        records = [value if isinstance(value, self.pb.Record) else self.pb.Record(value=value) for value in values]
        self.outbox.send(self.pb.ProduceRequest(batch=self.pb.ProduceBatch(id=number, topic=topic, records=records, **more)))

    def ack(self):
        return next(self.answers).ack

    def write(self, topic: str, values: list, **more):
        """One batch, answered."""
        self.send(7, topic, values, **more)
        ack = self.ack()
        assert ack.id == 7
        return ack

    def close(self) -> None:
        """Says the last and reads the end."""
        self.outbox.close()
        rest = list(self.answers)
        assert not rest, rest


class Consuming:
    """A consume stream."""

    def __init__(self, pb, stub, topic: str, timeout: float = 60, credit: int = 1 << 30, **opening):
        self.pb = pb
        self.outbox = Outbox(pb.ConsumeRequest(open=pb.ConsumeOpen(topic=topic, credit_bytes=credit, **opening)))
        self.answers = stub.Consume(iter(self.outbox), timeout=timeout)
        self.starts = {p.partition: p.offset for p in next(self.answers).opened.partitions}

    def credit(self, count: int) -> None:
        self.outbox.send(self.pb.ConsumeRequest(credit=self.pb.Credit(bytes=count)))

    def message(self):
        return next(self.answers).records

    def take(self, count: int) -> list[tuple]:
        """So many records, or more: (partition, offset, value)."""
        found = []
        while len(found) < count:
            message = self.message()
            found += [(message.partition, r.offset, r.value) for r in message.records]
        return found

    def rest(self) -> list[tuple]:
        return [(a.records.partition, r.offset, r.value) for a in self.answers for r in a.records.records]

    def cancel(self) -> None:
        self.outbox.close()
        self.answers.cancel()
