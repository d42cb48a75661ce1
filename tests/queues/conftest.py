"""Queues of the native API with grpcio, against one broker and against three."""

import uuid

import grpc
import pytest

from harness.cluster import EskerCluster
from harness.esker import EskerBroker
from harness.native import compiled

# Leases that a test can wait for.
SETTINGS = {"kafka.group_share_min_record_lock_duration_ms": 1000}


@pytest.fixture(scope="session")
def pb():
    return compiled()["queues"][0]


@pytest.fixture(scope="session")
def queue_single(broker_kind, tmp_path_factory):
    if broker_kind != "esker":
        pytest.skip("only Esker has this API")
    broker = EskerBroker(tmp_path_factory.mktemp("single"), SETTINGS).start()
    yield [broker]
    broker.stop()
    assert not broker.panics()


@pytest.fixture(scope="session")
def queue_three(broker_kind, tmp_path_factory):
    if broker_kind != "esker":
        pytest.skip("only Esker has this API")
    cluster = EskerCluster(tmp_path_factory.mktemp("three"), settings=SETTINGS)
    cluster.start()
    yield list(cluster.brokers.values())
    panics = cluster.panics()
    cluster.end()
    assert not panics


@pytest.fixture(params=["one", "three"])
def brokers(request):
    """The brokers of a cluster of one, and of one of three: whichever is asked."""
    return request.getfixturevalue({"one": "queue_single", "three": "queue_three"}[request.param])


@pytest.fixture
def cluster(broker_kind, tmp_path):
    """Three brokers of the test's own, which may die."""
    if broker_kind != "esker":
        pytest.skip("only Esker has this API")
    settings = {"archive.flush_interval_ms": 8_000, "archive.trim_delay_ms": 3_000, **SETTINGS}
    cluster = EskerCluster(tmp_path / "cluster", settings=settings)
    cluster.start()
    yield cluster
    panics = cluster.panics()
    cluster.end()
    assert not panics


@pytest.fixture
def client():
    """Makes clients of a broker; their connections end with the test. Those of a broker may share one, but for one that is `alone`."""
    channels = []

    def make(broker, alone: bool = False):
        options = [("grpc.max_receive_message_length", 64 << 20), ("grpc.use_local_subchannel_pool", int(alone))]
        channel = grpc.insecure_channel(f"127.0.0.1:{broker.api_port}", options=options)
        channels.append(channel)
        stub = compiled()["queues"][1].QueuesStub(channel)
        stub.streams = compiled()["streams"][1].StreamsStub(channel)
        return stub
    yield make
    for channel in channels:
        channel.close()


@pytest.fixture
def name() -> str:
    return f"queue-{uuid.uuid4().hex[:8]}"
