"""Members of one share group by librdkafka, with the same arguments, file and meaning as the Java ShareWorkers.

Usage: share_workers.py BOOTSTRAP TOPIC GROUP MEMBERS SEEN POLICY. The client knows no RENEW: offsets that end in 9 are accepted.
"""

import os
import signal
import sys
import threading
import time

from confluent_kafka import AcknowledgeType, KafkaException, ShareConsumer


class Worker(threading.Thread):
    """One consumer."""

    def __init__(self, name: str, bootstrap: str, topic: str, group: str, policy: str, note, stopping: threading.Event):
        super().__init__()
        self.worker, self.policy, self.note, self.stopping = name, policy, note, stopping
        self.said: dict[tuple[int, int], str] = {}
        self.consumer = ShareConsumer({"bootstrap.servers": bootstrap, "group.id": group, "client.id": name,
                                       "share.acknowledgement.mode": "explicit", "log_level": 2})
        self.consumer.set_acknowledgement_commit_callback(self.committed)
        self.consumer.subscribe([topic])

    def run(self):
        while not self.stopping.is_set():
            try:
                self.work()
            except KafkaException as error:
                self.note("n", self.worker, "work", error)
        self.consumer.close()

    def work(self):
        given = []
        for message in self.consumer.poll(0.2):
            if message.error():
                self.note("n", self.worker, message.error())
            else:
                given.append(message)
        for message in given:
            place = message.partition(), message.offset()
            self.note("g", self.worker, *place, message.delivery_count(), message.value().decode())
        for message in given:
            kind = self.judge(message)
            self.said[message.partition(), message.offset()] = kind
            self.consumer.acknowledge(message, getattr(AcknowledgeType, kind))
        if given:
            self.consumer.commit_sync(30.0)

    def judge(self, message) -> str:
        if self.policy == "mixed" and message.offset() % 10 == 3 and message.delivery_count() == 1:
            return "RELEASE"
        if self.policy == "poison" and message.offset() % 10 == 3:
            return "RELEASE"
        if self.policy in ("mixed", "poison") and message.offset() % 10 == 7:
            return "REJECT"
        return "ACCEPT"

    def committed(self, offsets, error):
        for partition, all_of_it in offsets.items():
            for offset in all_of_it:
                what = partition.partition, offset, self.said.get((partition.partition, offset))
                self.note("x" if error else "k", self.worker, *what, *([error] if error else []))


def main(bootstrap: str, topic: str, group: str, members: str, seen_path: str, policy: str) -> None:
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    lock = threading.Lock()
    with open(seen_path, "w") as seen:
        def note(kind, *what):
            with lock:
                print(kind, int(time.time() * 1000), *what, file=seen, flush=True)

        workers = [Worker(f"librdkafka-{os.getpid()}-{n}", bootstrap, topic, group, policy, note, stopping) for n in range(int(members))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()


main(*sys.argv[1:7])
