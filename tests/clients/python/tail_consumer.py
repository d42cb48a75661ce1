"""Follows a topic through broker crashes and notes every record it is given.

Usage: tail_consumer.py BOOTSTRAP TOPIC PARTITIONS SEEN. A line of the SEEN file is `partition offset key value`; SIGTERM ends it.
"""

import signal
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition


def main(bootstrap: str, topic: str, partitions: int, seen_path: str) -> None:
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "tail", "enable.auto.commit": False,
                         "auto.offset.reset": "error", "reconnect.backoff.max.ms": 200, "log_level": 2})
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(partitions)])
    with open(seen_path, "w") as seen:
        while not stopping:
            for m in consumer.consume(1000, 0.1):
                if not m.error():
                    seen.write(f"{m.partition()} {m.offset()} {m.key().decode()} {m.value().decode()}\n")
                elif not m.error().retriable() and not m.error().code() < 0:  # negative: the client's own, transport down
                    seen.write(f"error {m.error()}\n")
    consumer.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
