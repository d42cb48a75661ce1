"""Options and fixtures every suite shares."""

from pathlib import Path

import pytest

from harness.esker import EskerBroker
from harness.kafka import KafkaBroker


def pytest_addoption(parser):
    parser.addoption("--broker", choices=["esker", "kafka"], default="esker",
                     help="what the tests run against")
    parser.addoption("--kills", type=int, default=5, help="how often the crash test kills the broker; faults of a cluster")
    parser.addoption("--minutes", type=float, default=0, help="the faults of a cluster go on for at least so long")
    parser.addoption("--faults", default="", help="the kinds of faults of a cluster, of tests/cluster/faults.py; all of them by default")
    parser.addoption("--rate", type=int, default=1000, help="records a second of each producer on a cluster")
    parser.addoption("--timings", action="store_true",
                     help="pauses of a cluster beyond the limits fail the test: for a machine that has nothing else to do")
    parser.addoption("--outage", type=float, default=20, help="seconds for which etcd and the object store are away")
    parser.addoption("--partitions", type=int, default=600, help="of a cluster with many; a tenth as many shards")
    parser.addoption("--messages", type=int, default=40_000, help="through a share group while workers and leaders die")
    parser.addoption("--main-job-mb", type=int, default=20, help="megabytes of real files the main job moves")
    parser.addoption("--main-job-targets", default="s3,file", help="object stores of the main job: s3, file, moto")
    parser.addoption("--pictures", default="", help="a directory for pictures of the dashboards, which matplotlib draws")
    parser.addoption("--seed", type=int, default=0, help="repeats the random choices of a run")


def pytest_generate_tests(metafunc):
    if "object_store" in metafunc.fixturenames:
        kafka = metafunc.config.getoption("--broker") == "kafka"  # which has none: one run of the clients is enough
        targets = ["none"] if kafka else metafunc.config.getoption("--main-job-targets").split(",")
        metafunc.parametrize("object_store", targets)


@pytest.fixture(scope="session")
def broker_kind(request) -> str:
    return request.config.getoption("--broker")


@pytest.fixture(scope="session")
def broker(broker_kind, tmp_path_factory):
    """One broker for all tests that need nothing special of it."""
    directory: Path = tmp_path_factory.mktemp(broker_kind)
    broker = (EskerBroker if broker_kind == "esker" else KafkaBroker)(directory).start()
    yield broker
    broker.stop()
    if broker_kind == "esker":
        assert not broker.panics()
