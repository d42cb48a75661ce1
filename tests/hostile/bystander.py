"""A well-behaved client that must not notice what others do to the broker."""

import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition

from harness.wait import until


class Bystander:
    """Sends small records and reads them back while the `with` block attacks; leaving it asserts that none was slow or lost."""

    def __init__(self, bootstrap: str, topic: str, patience: float = 10.0):
        self.bootstrap, self.topic, self.patience = bootstrap, topic, patience
        self.sent = self.acked = 0
        self.slowest = 0.0
        self.errors: list[str] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self) -> "Bystander":
        self.consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "bystander", "enable.auto.commit": False})
        self.first = self.consumer.get_watermark_offsets(TopicPartition(self.topic, 0), 30)[1]
        self.thread.start()
        return self

    def __exit__(self, kind, *_) -> None:
        if kind is None:
            enough = self.acked + 20
            until("the bystander goes on", lambda: self.acked >= enough or self.errors, 60)
        self.stop.set()
        self.thread.join(60)
        if kind is not None:
            return
        assert not self.errors, self.errors[0]
        assert self.acked == self.sent
        assert self.slowest < self.patience, f"an acknowledgement took {self.slowest:.1f} s"
        self._read_back()

    def _send(self) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "enable.idempotence": True, "linger.ms": 1,
                             "message.timeout.ms": 60_000})
        while not self.stop.is_set():
            start = time.monotonic()

            def delivered(error, _message, start=start):
                self.slowest = max(self.slowest, time.monotonic() - start)
                if error:
                    self.errors.append(str(error))
                else:
                    self.acked += 1

            producer.produce(self.topic, b"still here %d" % self.sent, partition=0, on_delivery=delivered)
            self.sent += 1
            producer.poll(0.02)
        if producer.flush(60):
            self.errors.append("unacknowledged records at the end")

    def _read_back(self) -> None:
        self.consumer.assign([TopicPartition(self.topic, 0, self.first)])
        got: list[bytes] = []

        def complete():
            got.extend(m.value() for m in self.consumer.consume(1000, 0.2) if not m.error())
            return len(got) >= self.sent

        until("the bystander reads its records", complete, 60)
        assert got == [b"still here %d" % i for i in range(self.sent)]
        self.consumer.close()
