"""The native API with grpcio: stubs made from the contract itself, against one broker and against three."""

import importlib
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf import any_pb2  # noqa: F401  before the stubs, which need it
from grpc_tools import protoc

from harness.cluster import EskerCluster
from harness.esker import EskerBroker

PROTO = Path(__file__).parents[2] / "proto"


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """The generated messages and the generated client."""
    out = tmp_path_factory.mktemp("stubs")
    well_known = Path(protoc.__file__).parent / "_proto"
    done = protoc.main(["protoc", f"-I{PROTO}", f"-I{well_known}", f"--python_out={out}", f"--grpc_python_out={out}",
                        "esker/v1/streams.proto"])
    assert done == 0, "the contract does not compile with Google's own compiler"
    sys.path.insert(0, str(out))
    messages = importlib.import_module("esker.v1.streams_pb2")
    return messages, importlib.import_module("esker.v1.streams_pb2_grpc")


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
