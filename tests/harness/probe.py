"""How long a partition takes no records: one small record after another to each partition, and when each was acknowledged."""

import bisect
import threading
import time

from confluent_kafka import Producer


class Probe:
    """Produces to every partition of a topic until it is stopped."""

    def __init__(self, bootstrap: str, topic: str, partitions: int, interval: float = 0.02):
        self.topic, self.partitions, self.interval = topic, partitions, interval
        self.acked: list[list[float]] = [[] for _ in range(partitions)]
        self.errors: list[str] = []
        self.stopping = threading.Event()
        # A client notices a frozen broker by its own timeout alone, and librdkafka's default is a minute.
        self.producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True, "linger.ms": 0,
                                  "socket.timeout.ms": 1500, "request.timeout.ms": 1000,
                                  "reconnect.backoff.max.ms": 200, "retry.backoff.max.ms": 200, "log_level": 2})
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        def told(error, message):
            if error:
                self.errors.append(str(error))
            else:
                self.acked[message.partition()].append(time.monotonic())

        while not self.stopping.is_set():
            for partition in range(self.partitions):
                self.producer.produce(self.topic, b"probe", partition=partition, on_delivery=told)
            self.producer.poll(0)
            self.stopping.wait(self.interval)  # the rate
        self.producer.flush(60)

    def gaps(self, since: float, until: float) -> list[float] | None:
        """For each partition, the longest time without an acknowledgement that touches the time from `since` to `until`; None
        while none of after `until` is there for some partition: its pause may still last."""
        longest = []
        for acked in self.acked:
            first, end = max(bisect.bisect_right(acked, since) - 1, 0), bisect.bisect_right(acked, until)
            if end == len(acked):
                return None
            longest.append(max(b - a for a, b in zip(acked[first:end], acked[first + 1:end + 1])))
        return longest

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join(90)
        assert not self.errors, self.errors[:3]
