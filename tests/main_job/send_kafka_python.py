"""Sends a spool file with kafka-python. Usage: send_kafka_python.py BOOTSTRAP TOPIC CODEC FILE."""

import sys
from pathlib import Path

from kafka import KafkaProducer

from spool import read


def main(bootstrap: str, topic: str, codec: str, path: str) -> None:
    failures = []
    producer = KafkaProducer(bootstrap_servers=bootstrap, compression_type=None if codec == "none" else codec,
                             enable_idempotence=True, linger_ms=20, batch_size=262_144)
    for m in read(Path(path)):
        if m.key is None and m.value is None:
            raise ValueError("this client cannot send a record without key and value")
        producer.send(topic, key=m.key, value=m.value, partition=m.partition, timestamp_ms=m.timestamp,
                      headers=[(name.decode(), value) for name, value in m.headers]).add_errback(failures.append)
    producer.flush(300)
    producer.close()
    assert not failures, failures[0]


if __name__ == "__main__":
    main(*sys.argv[1:])
