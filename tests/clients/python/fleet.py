"""Members of one group by librdkafka, with the same arguments, file and meaning as the Java Fleet.

Usage: fleet.py BOOTSTRAP TOPIC GROUP PROTOCOL MEMBERS NAME SEEN.
"""

import signal
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

COMMIT_EVERY = 0.3
FAIR = (KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS, KafkaError.STALE_MEMBER_EPOCH,
        KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS)


class Member(threading.Thread):
    """One consumer."""

    def __init__(self, name: str, bootstrap: str, topic: str, group: str, protocol: str, note, stopping: threading.Event):
        super().__init__()
        self.member, self.topic, self.note, self.stopping = name, topic, note, stopping
        self.read: dict[int, int] = {}
        self.committed = time.monotonic()
        classic = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500, "partition.assignment.strategy": "range"}
        self.consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": group, "group.protocol": protocol, "client.id": name,
            "enable.auto.commit": False, "auto.offset.reset": "earliest", "topic.metadata.refresh.interval.ms": 5000,
            "log_level": 2, **(classic if protocol == "classic" else {}),
        })
        self.consumer.subscribe([topic], on_assign=self.assigned, on_revoke=self.revoked, on_lost=self.lost)

    def assigned(self, _, partitions):
        for p in partitions:
            self.note("a", self.member, p.partition)

    def revoked(self, _, partitions):
        if self.read:
            self.commit()
        self.lost(_, partitions)

    def lost(self, _, partitions):
        for p in partitions:
            self.note("x", self.member, p.partition)
            self.read.pop(p.partition, None)

    def run(self):
        while not self.stopping.is_set():
            for m in self.consumer.consume(500, 0.1):
                if not m.error():
                    self.note("r", self.member, m.partition(), m.offset())
                    self.read[m.partition()] = m.offset() + 1
                else:
                    fine = m.error().retriable() or m.error().code() < 0 or m.error().code() in FAIR
                    self.note("n" if fine else "e", self.member, m.error())
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
                    self.read.pop(p.partition, None)
        except KafkaException as error:
            code = error.args[0]
            fine = code.retriable() or code.code() < 0 or code.code() in FAIR
            self.note("n" if fine else "e", self.member, "commit:", error)


def main(bootstrap: str, topic: str, group: str, protocol: str, members: str, name: str, seen_path: str) -> None:
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    lock = threading.Lock()
    with open(seen_path, "w") as seen:

        def note(*fields):
            with lock:
                seen.write(f"{int(time.time() * 1000)} " + " ".join(map(str, fields)).replace("\n", " ") + "\n")
                seen.flush()

        threads = [Member(f"{name}-{i}", bootstrap, topic, group, protocol, note, stopping) for i in range(int(members))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
