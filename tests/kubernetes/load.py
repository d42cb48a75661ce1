"""Loads on a release that tolerate no error."""

import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from workers import ACCEPT, Workers, admin

from harness.wait import until

SHARED = "work"


class Stream:
    """Records all the time, one after another, to each partition of a topic; none of them may fail."""

    def __init__(self, bootstrap: str, partitions: int = 3):
        client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        client.create_topics([NewTopic("t", partitions, 3)])["t"].result(30)
        self.bootstrap, self.partitions, self.acked, self.failed = bootstrap, partitions, [0.0] * partitions, []
        self.count = 0
        self.producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "log_level": 2})
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._produce, daemon=True)
        self.thread.start()

    def _produce(self) -> None:
        def told(error, message) -> None:
            if error:
                self.failed.append(str(error))
            else:
                self.acked[message.partition()] = time.monotonic()
                self.count += 1

        while not self.stopping.wait(0.02):  # the rate
            for partition in range(self.partitions):
                self.producer.produce("t", b"x", partition=partition, on_delivery=told)
            self.producer.poll(0)

    def taken_after(self, moment: float) -> bool:
        """By every partition."""
        assert not self.failed, self.failed[:3]
        return all(acked > moment for acked in self.acked)

    def finish(self) -> None:
        self.stopping.set()
        self.thread.join()
        assert self.producer.flush(60) == 0 and not self.failed, self.failed[:3]
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "reader", "enable.auto.commit": False})
        consumer.assign([TopicPartition("t", partition, 0) for partition in range(self.partitions)])
        following = [0] * self.partitions

        def complete() -> bool:
            for message in consumer.consume(10_000, 0.2):
                assert not message.error() and message.offset() == following[message.partition()], (message.error(), message.offset(), following)
                following[message.partition()] += 1
            return sum(following) >= self.count

        until(f"all {self.count} records are read", complete, 60, interval=0)
        consumer.close()
        assert sum(following) == self.count


class Queue:
    """A share group's workers, and a producer of work for them; every piece is done with by one acknowledgement."""

    def __init__(self, bootstrap: str, directory):
        self.bootstrap, self.sent, self.failed = bootstrap, 0, []
        client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        client.create_topics([NewTopic(SHARED, 4, 3)])[SHARED].result(30)
        admin(bootstrap, "config", "workers", "share.auto.offset.reset=earliest")
        self.workers = Workers(bootstrap, SHARED, "workers", directory)
        self.workers.launch("java", members=2)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._produce, daemon=True)
        self.thread.start()

    def _produce(self) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "enable.idempotence": True, "log_level": 2})
        while not self.stopping.wait(0.02):  # the rate
            producer.produce(SHARED, str(self.sent).encode(), on_delivery=lambda error, _: self.failed.append(str(error)) if error else None)
            self.sent += 1
            producer.poll(0)
        assert producer.flush(120) == 0

    def finish(self) -> int:
        """How many pieces of work there were."""
        self.stopping.set()
        self.thread.join(150)
        assert not self.failed, self.failed[:3]
        until(f"all {self.sent} are accepted", lambda: len(self.workers.acknowledged(ACCEPT)) >= self.sent, 120, interval=0.5)
        self.workers.stop()
        self.workers.judge(lost=0)
        values = sorted(int(value) for value in self.workers.values().values())
        assert values == list(range(self.sent)), "work was lost, or came twice"
        return self.sent
