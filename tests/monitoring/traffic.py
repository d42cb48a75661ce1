"""Everything that clients do with a cluster, at the same time and for as long as a test looks at the figures."""

import threading
import time
from collections.abc import Callable

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

import grpc
from harness.cluster import EskerCluster
from harness.native import compiled
from queueing import Publishing, Receiving

ORDERS, COPIES, QUEUE, FLOOD = "orders", "copies", "work", "flood"
PARTITIONS = 6


class Traffic:
    """Writers, readers, a group, transactions and a queue; each goes on after errors, which are the test's doing."""

    def __init__(self, cluster: EskerCluster, rate: int = 800):
        self.cluster, self.rate = cluster, rate
        self.base = {"bootstrap.servers": cluster.bootstrap, "log_level": 0, "socket.timeout.ms": 10_000, "topic.metadata.refresh.interval.ms": 5_000}
        self.ending, self.flooding = threading.Event(), threading.Event()
        self.pb = compiled()["queues"][0]
        admin = AdminClient(self.base)
        for made in admin.create_topics([NewTopic(name, PARTITIONS, 3) for name in (ORDERS, COPIES, FLOOD)]).values():
            made.result(30)
        with self._channel() as channel:
            stub = compiled()["queues"][1].QueuesStub(channel)
            stub.CreateQueue(self.pb.CreateQueueRequest(name=QUEUE, partitions=2, dead_letter_topic=f"dlq.{QUEUE}"))
        jobs = (self._produce, self._flood, self._read, self._replay, self._transact, self._work)
        self.threads = [threading.Thread(target=self._again, args=(job,), daemon=True) for job in jobs]
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        """Whoever waits for brokers that are gone is left alone."""
        self.ending.set()
        deadline = time.monotonic() + 5
        for thread in self.threads:
            thread.join(max(deadline - time.monotonic(), 0))

    def _again(self, job: Callable[[], None]) -> None:
        while not self.ending.is_set():
            try:
                job()
            except (KafkaException, grpc.RpcError, StopIteration, AssertionError, RuntimeError):
                self.ending.wait(0.2)  # a broker is away; not to try all the time

    def _channel(self):
        broker = next(broker for broker in self.cluster.brokers.values() if broker.process.alive())
        return grpc.insecure_channel(f"127.0.0.1:{broker.api_port}", options=[("grpc.use_local_subchannel_pool", 1)])

    def _produce(self) -> None:
        producer = Producer({**self.base, "linger.ms": 5, "delivery.timeout.ms": 20_000})
        began, sent = time.monotonic(), 0
        while not self.ending.is_set():
            try:
                while sent < (time.monotonic() - began) * self.rate:
                    producer.produce(ORDERS, key=str(sent % 100), value=b"." * 200)
                    sent += 1
            except BufferError:
                pass
            producer.poll(0.02)

    def _flood(self) -> None:
        """Large records, while they are wanted."""
        producer = Producer({**self.base, "linger.ms": 20, "delivery.timeout.ms": 5_000, "retries": 0, "queue.buffering.max.kbytes": 16_384,
                             "enable.idempotence": False})
        number = 0
        while not self.ending.is_set():
            if not self.flooding.wait(0.2):
                continue
            try:
                producer.produce(FLOOD, value=bytes(100_000), partition=number % PARTITIONS)
                number += 1
            except BufferError:
                producer.poll(0.1)
            producer.poll(0)

    def group(self, name: str, **settings) -> Consumer:
        return Consumer({**self.base, "group.id": name, "auto.offset.reset": "earliest", "enable.auto.commit": False, "session.timeout.ms": 6000,
                         **settings})

    def _read(self) -> None:
        """A group that keeps up."""
        consumer = self.group("readers")
        try:
            consumer.subscribe([ORDERS])
            while not self.ending.is_set():
                if any(message.error() is None for message in consumer.consume(500, 0.2)):
                    consumer.commit(asynchronous=True)
        finally:
            consumer.close()

    def _replay(self) -> None:
        """Reads from the beginning, again and again: what only objects have, what the log has, what memory has."""
        consumer = self.group("nobody", **{"queued.max.messages.kbytes": 256})
        try:
            while not self.ending.is_set():
                consumer.assign([TopicPartition(ORDERS, number, 0) for number in range(PARTITIONS)])
                seen = 0
                while seen < 5000 and not self.ending.is_set():
                    messages = consumer.consume(1000, 0.5)
                    seen += len(messages) or 1000
                self.ending.wait(0.2)
        finally:
            consumer.close()

    def _transact(self) -> None:
        """Every second transaction is aborted."""
        producer = Producer({**self.base, "transactional.id": "copier", "transaction.timeout.ms": 10_000})
        producer.init_transactions(20)
        number = 0
        while not self.ending.is_set():
            producer.begin_transaction()
            for _ in range(10):
                producer.produce(COPIES, value=b"." * 50)
            producer.flush(10)
            if number % 2:
                producer.commit_transaction(20)
            else:
                producer.abort_transaction(20)
            number += 1
            self.ending.wait(0.05)

    def _work(self) -> None:
        """Messages of the queue, of which all are worked on."""
        with self._channel() as channel:
            stub = compiled()["queues"][1].QueuesStub(channel)
            publisher, receiver = Publishing(self.pb, stub, QUEUE, timeout=600), Receiving(self.pb, stub, QUEUE, timeout=600)
            try:
                while not self.ending.is_set():
                    publisher.publish(b"one", b"two")
                    receiver.settle("ACK", *receiver.take(2))
                    self.ending.wait(0.05)
            finally:
                publisher.outbox.close()
                receiver.cancel()

    def reject(self, count: int) -> None:
        """Messages of another queue that nobody can work on."""
        with self._channel() as channel:
            stub = compiled()["queues"][1].QueuesStub(channel)
            stub.CreateQueue(self.pb.CreateQueueRequest(name="hopeless", partitions=1, dead_letter_topic="dlq.hopeless"))
            receiver = Receiving(self.pb, stub, "hopeless")
            Publishing(self.pb, stub, "hopeless").publish(*[b"no"] * count)
            assert receiver.settle("REJECT", *receiver.take(count)) == []
            receiver.close()

    def fall_asleep(self, group: str) -> None:
        """A group commits where it begins, and never reads."""
        consumer = self.group(group)
        known = consumer.list_topics(ORDERS, 30).topics[ORDERS].partitions
        ends = [TopicPartition(ORDERS, number, consumer.get_watermark_offsets(TopicPartition(ORDERS, number), 30)[1]) for number in known]
        assert not [one for one in consumer.commit(offsets=ends, asynchronous=False) if one.error]
        consumer.close()

    def forget(self, group: str) -> None:
        admin = AdminClient(self.base)  # which must live until the answer is there
        try:
            admin.delete_consumer_groups([group])[group].result(30)
        except KafkaException as error:
            assert error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND, error
