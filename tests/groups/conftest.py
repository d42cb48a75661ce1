"""Brokers whose groups of the consumer protocol have short sessions."""

import pytest
from fleet import HEARTBEAT, SESSION

from harness.cluster import EskerCluster
from harness.esker import EskerBroker
from harness.kafka import KafkaBroker

TIMES = {"session_timeout": int(SESSION * 1000), "min_session_timeout": 1000, "heartbeat_interval": int(HEARTBEAT * 1000),
         "min_heartbeat_interval": 100}
OF_ESKER = {f"kafka.group_consumer_{name}_ms": value for name, value in TIMES.items()}
FLUSH_SOON = {"archive.flush_interval_ms": 8_000, "archive.trim_delay_ms": 3_000}
OF_KAFKA = {f"group.consumer.{name.replace('_', '.')}.ms": value for name, value in TIMES.items()}


@pytest.fixture
def quick_broker(broker_kind, tmp_path):
    kind, settings = (EskerBroker, OF_ESKER) if broker_kind == "esker" else (KafkaBroker, OF_KAFKA)
    broker = kind(tmp_path / "broker", settings)
    broker.start()
    yield broker
    broker.stop()
    if broker_kind == "esker":
        assert not broker.panics()


@pytest.fixture
def quick_cluster(broker_kind, tmp_path):
    """Three brokers."""
    if broker_kind != "esker":
        pytest.skip("a cluster of Esker")
    cluster = EskerCluster(tmp_path / "cluster", settings={**OF_ESKER, **FLUSH_SOON}, network=True).start()
    yield cluster
    panics = cluster.panics()
    cluster.end()
    assert not panics
