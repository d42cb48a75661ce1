"""An idempotent librdkafka producer that outlives broker crashes and notes every acknowledgement.

Usage: load_producer.py BOOTSTRAP TOPIC NAME KEYS RATE ACKS SETTINGS, with the same files and meaning as the Java LoadProducer.
"""

import signal
import sys
import time

from confluent_kafka import Producer


PATIENT = {"linger.ms": 5, "message.timeout.ms": 1_800_000, "socket.timeout.ms": 10_000, "reconnect.backoff.max.ms": 200,
           "retry.backoff.max.ms": 200, "queue.buffering.max.messages": 20_000}


def main(bootstrap: str, topic: str, name: str, keys: int, rate: int, acks_path: str, settings: str) -> None:
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "log_level": 2,
                         **(PATIENT if settings == "patient" else {})})
    with open(acks_path, "w", buffering=1 << 12) as acks:

        def delivered(error, message):
            key, value = message.key().decode(), message.value().decode()
            if error:
                acks.write(f"error {key} {value} {error}\n")
            else:
                acks.write(f"{key} {value} {message.partition()} {message.offset()}\n")

        start, i = time.monotonic(), 0
        while not stopping:
            try:
                producer.produce(topic, key=f"{name}-{i % keys}", value=str(i // keys), on_delivery=delivered)
            except BufferError:  # the queue is full while the broker is away
                producer.poll(0.1)
                continue
            i += 1
            ahead = i / rate - (time.monotonic() - start)
            producer.poll(max(ahead, 0))
        while producer.flush(1):
            pass
        acks.write("end\n")


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5]), *sys.argv[6:])
