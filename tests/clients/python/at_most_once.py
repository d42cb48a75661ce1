"""Takes records of a topic at most once: it commits before it does anything with them, and what it cannot commit it leaves alone.

Usage: at_most_once.py BOOTSTRAP TOPIC GROUP TAKEN. Each value that it takes is a line of TAKEN. SIGTERM ends it.
"""

import signal
import sys
import threading

from confluent_kafka import Consumer, KafkaException, TopicPartition


def committed(consumer: Consumer, offsets: list[TopicPartition]) -> bool:
    try:
        return not any(p.error for p in consumer.commit(offsets=offsets, asynchronous=False))
    except KafkaException:
        return False


def main(bootstrap: str, topic: str, group: str, taken: str) -> None:
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False, "auto.offset.reset": "earliest",
                         "session.timeout.ms": 10_000, "log_level": 2})
    consumer.subscribe([topic])
    with open(taken, "a", buffering=1) as out:
        while not stopping.is_set():
            messages = [message for message in consumer.consume(50, 0.1) if not message.error()]
            # What was taken away meanwhile is somebody else's.
            owned = {at.partition for at in consumer.assignment()}
            messages = [message for message in messages if message.partition() in owned]
            next_ones = {message.partition(): message.offset() + 1 for message in messages}
            if not messages or not committed(consumer, [TopicPartition(topic, p, offset) for p, offset in next_ones.items()]):
                continue
            for message in messages:
                out.write(f"{message.value().decode()}\n")
    consumer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
