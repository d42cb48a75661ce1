"""Batches that a topic allows and no file of the log has room for."""

import os

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from harness.esker import EskerBroker

MB = 1_000_000


@pytest.mark.timeout(120)
def test_what_no_log_file_holds_is_refused_and_ends_nothing(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("the size of Esker's log files")
    broker = EskerBroker(tmp_path, {"wal.file_bytes": 8 << 20, "wal.max_bytes": 128 << 20}).start()
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.create_topics([NewTopic("large", 1, 1, config={"max.message.bytes": str(60 * MB)})])["large"].result(30)
    producer = Producer({"bootstrap.servers": broker.bootstrap, "message.max.bytes": 60 * MB, "acks": "all"})

    def send(size):
        ends = []
        producer.produce("large", os.urandom(size), on_delivery=lambda error, _: ends.append(error))
        assert producer.flush(60) == 0
        return ends[0]
    for size, refused in [(6 * MB, False), (8 * MB, True), (50 * MB, True), (7 * MB, False), (1000, False)]:
        error = send(size)
        assert (error is not None) == refused, (size, error)
        assert not refused or error.code() == KafkaError.MSG_SIZE_TOO_LARGE, KafkaException(error)
    assert broker.ready() and not broker.panics()
    broker.stop()
