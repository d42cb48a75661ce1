"""Copies a topic into another, each record exactly once: what is written and how far was read is one transaction (librdkafka,
the first protocol of transactions). The same as the Java TransactionalCopy.

Usage: transactional_copy.py BOOTSTRAP FROM TO GROUP ID LOG. Whatever goes wrong, it starts over with new clients, from the group's
offsets, and says so in LOG. SIGTERM ends it.
"""

import signal
import sys
import threading

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

TIMEOUT = 60


def copy(bootstrap: str, source: str, target: str, group: str, name: str, stopping: threading.Event) -> None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "client.id": name, "enable.auto.commit": False,
                         "auto.offset.reset": "earliest", "isolation.level": "read_committed", "session.timeout.ms": 10_000,
                         "log_level": 2})
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": name, "transaction.timeout.ms": 20_000, "linger.ms": 5,
                         "log_level": 2})
    try:
        producer.init_transactions(TIMEOUT)
        consumer.subscribe([source])
        while not stopping.is_set():
            step(consumer, producer, source, target)
    finally:
        consumer.close()


def step(consumer: Consumer, producer: Producer, source: str, target: str) -> None:
    read: dict[int, int] = {}
    producer.begin_transaction()
    for message in consumer.consume(50, 0.1):
        if message.error():
            # Something that is being tried again, or else a poll that raises.
            continue
        producer.produce(target, message.value(), partition=message.partition())
        read[message.partition()] = message.offset() + 1
    if read:
        offsets = [TopicPartition(source, partition, offset) for partition, offset in read.items()]
        producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), TIMEOUT)
    while True:
        try:
            return producer.commit_transaction(TIMEOUT)
        except KafkaException as error:
            if not error.args[0].retriable():
                raise


def main(bootstrap: str, source: str, target: str, group: str, name: str, log: str) -> None:
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    with open(log, "a", buffering=1) as out:
        while not stopping.is_set():
            try:
                copy(bootstrap, source, target, group, name, stopping)
            except KafkaException as error:
                # What was begun is aborted by the next init_transactions.
                out.write(f"{error}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
