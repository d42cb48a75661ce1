"""Consume, process, produce over three brokers under faults: the output is the input, record by record, also when it is read again
from objects with every log deleted. Beside it, who commits before he works is given nothing twice."""

import shutil

from copying import Copying
from harness.cluster import EskerCluster
from harness.wait import until
from steady import Steady
from trouble import Trouble

BATCH = 400
RATE = 200  # records a second


def test_exactly_once_under_faults(make_cluster, tmp_path, request):
    cluster = make_cluster(network=True)
    trouble = Trouble(cluster, request.config.getoption("--seed"))
    copying = Copying(cluster.bootstrap, tmp_path)
    cluster.at_end.append(copying.stop)
    copying.source.send(BATCH)
    until("the copiers have begun", copying.copied, 120, interval=1)
    steady = Steady(copying.source.send, RATE)
    cluster.at_end.append(steady.stop)
    for _ in range(request.config.getoption("--kills")):
        trouble.strike()
        if trouble.chance.random() < 0.3:
            copying.kill_one(trouble.chance)
    steady.stop()
    copying.await_copied(300)
    copying.check()
    copying.check_taken()
    print(f"{trouble}; --seed={trouble.seed}")
    print(f"{copying.source.sent} records, copied twice; copiers killed: {copying.killed}; started over: {copying.notes()}; "
          f"{len(copying.taken())} taken at most once; brokers that ended by themselves: {len(cluster.exits)}")
    copying.stop()
    replay_from_objects(cluster)
    copying.check()


def replay_from_objects(cluster: EskerCluster) -> None:
    """Everything goes to objects; then no broker has anything but its configuration."""
    cluster.await_copied()
    for broker in cluster.brokers.values():
        broker.stop(timeout=90)
    for broker in cluster.brokers.values():
        assert (broker.data / "store").exists()
        shutil.rmtree(broker.data)
    cluster.start()
