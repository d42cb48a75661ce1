"""A broker whose groups of the consumer protocol have short sessions."""

import pytest
from fleet import HEARTBEAT, SESSION

from harness.esker import EskerBroker
from harness.kafka import KafkaBroker


@pytest.fixture
def quick_broker(broker_kind, tmp_path):
    times = {"session_timeout": int(SESSION * 1000), "min_session_timeout": 1000, "heartbeat_interval": int(HEARTBEAT * 1000),
             "min_heartbeat_interval": 100}
    if broker_kind == "esker":
        broker = EskerBroker(tmp_path / "broker", {f"kafka.group_consumer_{name}_ms": value for name, value in times.items()})
    else:
        settings = {f"group.consumer.{name.replace('_', '.')}.ms": value for name, value in times.items()}
        broker = KafkaBroker(tmp_path / "broker", settings)
    broker.start()
    yield broker
    broker.stop()
    if broker_kind == "esker":
        assert not broker.panics()
