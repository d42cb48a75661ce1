"""With the settings as shipped, a shard is offloaded after minutes. What has lost a copy is not left waiting for that."""

import time

from harness.cluster import EskerCluster
from harness.wait import until
from workload import Workload

# How long a broker is away before it counts as gone, seconds.
GONE = 10
PATIENCE = 60


def unstored(cluster: EskerCluster) -> list[float]:
    """Records that no object has, of every broker that runs."""
    return [broker.metric("esker_archive_lag_records") for broker in cluster.brokers.values() if broker.process.alive()]


def test_a_broker_that_does_not_come_back(make_cluster, tmp_path):
    """The others offload everything that may have had a copy there, and the next death is again a single one."""
    cluster = make_cluster(settings={})
    work = Workload(cluster, tmp_path, rate=200)
    work.finish()
    before = unstored(cluster)
    assert sum(before) > 1000 and min(before) > 0, f"nothing is offloaded yet: {before}"
    at = time.monotonic()
    cluster.brokers[2].kill()
    until("the others have offloaded everything", lambda: sum(unstored(cluster)) == 0, PATIENCE)
    took = time.monotonic() - at
    print(f"offloaded {took:.1f} s after the broker died")
    assert took >= GONE - 1, "a broker that restarts is not worth it"


def test_a_drain_ends_while_everything_goes_on(make_cluster, tmp_path):
    """An operator drains a broker for good: the others need nothing of it any more, minutes before they would offload by themselves."""
    cluster = make_cluster(settings={"archive.trim_delay_ms": 2_000})
    cluster.add(4)
    cluster.launch(4).await_ready(60)
    cluster.await_whole()
    work = Workload(cluster, tmp_path, rate=200, settings="default")
    status = cluster.status()
    store = next(broker["store"] for broker in status["brokers"] if broker["session"]["broker"] == 2)
    held = [ledger for ledger in status["ledgers"] if store in ledger["copyset"] and ledger["writer"]["broker"] != 2]
    assert held, "its store holds what others write"
    at, broker = time.monotonic(), cluster.brokers[1]
    broker.cli("cluster", "drain", "2", "--grpc", broker.grpc, "--timeout", PATIENCE, timeout=PATIENCE + 30)
    took = time.monotonic() - at
    leaving = cluster.brokers.pop(2)
    leaving.stop(timeout=30)
    cluster.await_whole()
    outcome = work.finish()
    print(f"drained in {took:.1f} s\n{outcome}")
