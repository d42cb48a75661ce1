"""A task that the broker cannot be without panics: the process ends at once and says which, and nothing that was acknowledged is lost."""

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from harness.esker import EskerBroker
from harness.wait import until
from limits import AS_NOBODY, limited


@pytest.fixture
def broker(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("Esker's own tasks")
    # An upload takes a thread, and one that has nothing to do ends after ten seconds.
    broker = EskerBroker(tmp_path / "node", {"archive.flush_interval_ms": 12_000}, under=AS_NOBODY).start()
    yield broker
    broker.stop()


def test_a_broker_without_its_maintenance_ends_and_starts_again(broker):
    acked: list[bytes] = []
    producer = Producer({"bootstrap.servers": broker.bootstrap, "acks": "all", "log_level": 0, "message.timeout.ms": 5000})
    number = 0

    def ended() -> bool:
        nonlocal number
        value = b"%d" % number
        producer.produce("orders", value, partition=0, on_delivery=lambda error, _: error or acked.append(value))
        producer.poll(0.05)
        number += 1
        return not broker.process.alive()

    with pytest.raises(Exception, match="prlimit"):  # there is no process any more whose limit could be set again
        with limited(broker, "nproc", 1):
            until("the broker ends", ended, 90, interval=0)
    assert broker.process.wait(30) == 1
    said = broker.process.log_text()
    assert "OS can't spawn worker thread" in said
    assert "a task that the broker cannot be without has panicked (the log's maintenance)" in said, said[-3000:]
    producer.purge()
    assert acked

    broker.start()
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "reads", "enable.auto.commit": False})
    consumer.assign([TopicPartition("orders", 0, 0)])
    found: set[bytes] = set()
    while not found.issuperset(acked):
        message = consumer.poll(30)
        assert message is not None, f"{len(set(acked) - found)} of {len(acked)} are missing"
        if message.error():
            raise KafkaException(message.error())
        found.add(message.value())
    consumer.close()
