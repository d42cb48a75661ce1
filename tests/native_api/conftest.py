"""The native API with grpcio: stubs made from the contract itself, against one broker and against three."""

import grpc
import pytest

from harness.cluster import EskerCluster
from harness.esker import EskerBroker
from harness.native import compiled


@pytest.fixture(scope="session")
def stubs():
    """The generated messages and the generated client."""
    return compiled()["streams"]


@pytest.fixture(scope="session")
def single(broker_kind, tmp_path_factory):
    if broker_kind != "esker":
        pytest.skip("only Esker has this API")
    broker = EskerBroker(tmp_path_factory.mktemp("single")).start()
    yield [broker]
    broker.stop()
    assert not broker.panics()


@pytest.fixture(scope="session")
def three(broker_kind, tmp_path_factory):
    if broker_kind != "esker":
        pytest.skip("only Esker has this API")
    cluster = EskerCluster(tmp_path_factory.mktemp("three"))
    cluster.start()
    yield list(cluster.brokers.values())
    panics = cluster.panics()
    cluster.end()
    assert not panics


@pytest.fixture(params=["one", "three"])
def brokers(request):
    """The brokers of a cluster of one, and of one of three: whichever is asked."""
    return request.getfixturevalue({"one": "single", "three": "three"}[request.param])


@pytest.fixture
def client(stubs):
    """Makes clients of a broker; their connections end with the test."""
    channels = []

    def make(broker):
        channel = grpc.insecure_channel(f"127.0.0.1:{broker.api_port}", options=[("grpc.max_receive_message_length", 64 << 20)])
        channels.append(channel)
        return stubs[1].StreamsStub(channel)
    yield make
    for channel in channels:
        channel.close()
