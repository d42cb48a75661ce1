"""The members of a librdkafka consumer group, with the same files and meaning as the Java GroupMembers.

Usage: group_members.py BOOTSTRAP TOPIC GROUP MEMBERS SEEN.
"""

import signal
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

COMMIT_EVERY = 0.5
# What a commit may be told: the partitions were just taken away, or the coordinator has moved (librdkafka then looks for the new
# one, but leaves another attempt to the application).
FAIR = (KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS, KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS)


class Member(threading.Thread):
    """One consumer."""

    def __init__(self, number: int, bootstrap: str, topic: str, group: str, note, stopping: threading.Event):
        super().__init__()
        self.member, self.topic, self.note, self.stopping = f"librdkafka-{number}", topic, note, stopping
        self.read: dict[int, int] = {}
        self.committed = time.monotonic()
        self.consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "client.id": self.member,
                                  "enable.auto.commit": False, "auto.offset.reset": "error", "log_level": 2})
        self.consumer.subscribe([topic], on_assign=self.assigned, on_revoke=self.revoked, on_lost=self.revoked)

    def assigned(self, consumer, partitions):
        try:
            partitions = consumer.committed(partitions, 60)
            for p in partitions:
                self.note("a", self.member, p.partition, p.offset)
        except KafkaException as error:
            self.note("n", self.member, error)
        consumer.assign(partitions)

    def revoked(self, _, partitions):
        for p in partitions:
            self.read.pop(p.partition, None)

    def run(self):
        while not self.stopping.is_set():
            for m in self.consumer.consume(500, 0.1):
                if not m.error():
                    self.note("r", self.member, m.partition(), m.offset(), m.key().decode(), m.value().decode())
                    self.read[m.partition()] = m.offset() + 1
                else:  # negative codes are the client's own, such as a transport that is down
                    bad = m.error().code() == KafkaError._AUTO_OFFSET_RESET or not (m.error().retriable() or m.error().code() < 0)
                    self.note("e" if bad else "n", self.member, m.error())
            if self.read and time.monotonic() - self.committed > COMMIT_EVERY:
                self.commit()
        self.consumer.close()

    def commit(self):
        self.committed = time.monotonic()
        try:
            offsets = [TopicPartition(self.topic, p, offset) for p, offset in self.read.items()]
            for p in self.consumer.commit(offsets=offsets, asynchronous=False):
                if p.error:
                    self.note("n", self.member, p.error)
                else:
                    self.note("c", self.member, p.partition, p.offset)
                    self.read.pop(p.partition, None)
        except KafkaException as error:
            code = error.args[0]
            fine = code.retriable() or code.code() < 0 or code.code() in FAIR
            self.note("n" if fine else "e", self.member, "commit:", error)


def main(bootstrap: str, topic: str, group: str, members: int, seen_path: str) -> None:
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    lock = threading.Lock()
    with open(seen_path, "w") as seen:

        def note(*fields):
            with lock:
                seen.write(" ".join(map(str, fields)).replace("\n", " ") + "\n")
                if fields[0] != "r":
                    seen.flush()

        threads = [Member(i, bootstrap, topic, group, note, stopping) for i in range(members)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
