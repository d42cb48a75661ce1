"""Sends a spool file with confluent-kafka. Usage: send_confluent.py BOOTSTRAP TOPIC CODEC FILE."""

import sys
from pathlib import Path

from confluent_kafka import KafkaException, Producer

from spool import read


def main(bootstrap: str, topic: str, codec: str, path: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": codec, "enable.idempotence": True,
                         "linger.ms": 20, "queue.buffering.max.kbytes": 65536})

    def delivered(error, _message):
        if error:
            raise KafkaException(error)

    for m in read(Path(path)):
        record = dict(key=m.key, value=m.value, partition=m.partition, timestamp=m.timestamp, on_delivery=delivered,
                      headers=[(name.decode(errors="surrogateescape"), value) for name, value in m.headers])
        while True:
            try:
                producer.produce(topic, **record)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    assert producer.flush(300) == 0


if __name__ == "__main__":
    main(*sys.argv[1:])
