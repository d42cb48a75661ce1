"""Brokers whose share groups are quick: short locks, sessions and heartbeats."""

import pytest

from harness.cluster import EskerCluster
from harness.esker import EskerBroker
from harness.kafka import KafkaBroker

LOCK = 3.0  # seconds
TIMES = {"record_lock_duration": int(LOCK * 1000), "min_record_lock_duration": 1000, "session_timeout": 6000,
         "min_session_timeout": 1000, "heartbeat_interval": 500, "min_heartbeat_interval": 100}
OF_ESKER = {f"kafka.group_share_{name}_ms": value for name, value in TIMES.items()}
OF_KAFKA = {f"group.share.{name.replace('_', '.')}.ms": value for name, value in TIMES.items()}
FLUSH_SOON = {"archive.flush_interval_ms": 8_000, "archive.trim_delay_ms": 3_000}


@pytest.fixture
def share_broker(broker_kind, tmp_path):
    kind, settings = (EskerBroker, OF_ESKER) if broker_kind == "esker" else (KafkaBroker, OF_KAFKA)
    broker = kind(tmp_path / "broker", settings)
    broker.start()
    yield broker
    broker.stop()
    if broker_kind == "esker":
        assert not broker.panics()


@pytest.fixture
def share_cluster(broker_kind, tmp_path):
    """Three brokers."""
    if broker_kind != "esker":
        pytest.skip("a cluster of Esker")
    cluster = EskerCluster(tmp_path / "cluster", settings={**OF_ESKER, **FLUSH_SOON}, network=True).start()
    yield cluster
    panics = cluster.panics()
    cluster.end()
    assert not panics
