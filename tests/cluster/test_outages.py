"""What the brokers need is away for long: etcd, the object store, too many disks."""

import json
import time

from harness.cluster import EskerCluster, delete_store
from harness.wait import until
from workload import FLUSH_OFTEN, Workload

MIB = 1 << 20


def endure(cluster: EskerCluster, work: Workload, seconds: float) -> tuple[int, int]:
    """Load goes on for so long, both ways; the most memory that a broker had, and the most log that there was."""
    end, memory, log = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        work.await_progress()
        work.await_consumption()
        assert all(broker.process.alive() for broker in cluster.brokers.values()), "a broker left"
        memory = max(memory, *(broker.process.rss() for broker in cluster.brokers.values()))
        log = max(log, cluster.wal_bytes())
        time.sleep(0.2)  # between two looks
    return memory, log


def sessions(cluster: EskerCluster) -> list[dict]:
    return sorted((broker["session"] for broker in cluster.status()["brokers"]), key=lambda session: session["broker"])


def test_etcd_is_away(make_cluster, tmp_path, request):
    """Produce and fetch go on, nobody leaves, everything settles afterwards."""
    seconds = request.config.getoption("--outage")
    cluster = make_cluster()
    work = Workload(cluster, tmp_path, request.config.getoption("--rate"))
    before, at = sessions(cluster), time.monotonic()
    cluster.etcd.process.kill()
    memory, _ = endure(cluster, work, seconds)
    cluster.etcd.start()
    pause = work.gap(at)
    cluster.await_whole(120)
    assert sessions(cluster) == before and not cluster.exits, "the sessions outlive the outage"
    # What had to wait works again: topics, offload.
    broker = cluster.brokers[1]
    broker.cli("topic", "create", "after", "--partitions", "4", "--bootstrap", broker.bootstrap)
    cluster.await_copied()
    outcome = work.finish()
    print(f"etcd away for {seconds:.0f} s: longest pause {pause:.2f} s, memory at most {memory / MIB:.0f} MiB\n{outcome}")


def test_the_object_store_is_away(make_cluster, tmp_path, request):
    """Produce goes on; the log grows and then drains; memory stays bounded."""
    seconds = request.config.getoption("--outage")
    cluster = make_cluster(settings=FLUSH_OFTEN)
    work = Workload(cluster, tmp_path, request.config.getoption("--rate"))
    endure(cluster, work, 3)
    rss = max(broker.process.rss() for broker in cluster.brokers.values())
    at, lag = time.monotonic(), sum(broker.metric("esker_archive_lag_bytes") for broker in cluster.brokers.values())
    cluster.s3.faults("outage=true")
    memory, log = endure(cluster, work, seconds)
    grown = sum(broker.metric("esker_archive_lag_bytes") for broker in cluster.brokers.values())
    cluster.s3.faults("outage=false")
    pause = work.gap(at)
    until("the log drains", lambda: sum(b.metric("esker_archive_lag_bytes") for b in cluster.brokers.values()) < grown / 2, 120)
    assert not cluster.exits
    outcome = work.finish()
    print(f"object store away for {seconds:.0f} s: longest pause {pause:.2f} s, in no object {lag / MIB:.1f} to {grown / MIB:.1f} MiB, "
          f"log {log / MIB:.0f} MiB, memory {rss / MIB:.0f} to {memory / MIB:.0f} MiB\n{outcome}")
    assert grown > lag
    assert memory < rss + 256 * MIB


def test_too_many_disks_are_lost(make_cluster, tmp_path):
    """The writer and another disk of its copyset are lost before anything was offloaded: the shards block, and it is said why."""
    cluster = make_cluster(settings={"archive.flush_interval_ms": 600_000})
    work = Workload(cluster, tmp_path)
    cluster.s3.faults("outage=true")
    work.await_progress()
    writer, other = cluster.brokers[1], cluster.brokers[2]
    stores = {broker["session"]["broker"]: broker["store"] for broker in cluster.status()["brokers"]}
    other.kill()
    writer.kill()
    delete_store(writer)
    delete_store(other)
    cluster.launch(1)
    cluster.launch(2)

    def blocked() -> list[dict]:
        status = cluster.status()
        return [b for b in status["blocked"] if set(b["missing"]) >= {stores[1], stores[2]}] if status else []

    found = until("the status says what is blocked", blocked, 60, interval=0.5)
    print(json.dumps(found, indent=1))
    shards = {shard for block in found for shard in block["shards"]}
    assert shards and all(block["writer"]["broker"] in (1, 2) and block["why"] for block in found)
    text = cluster.brokers[3].cli("cluster", "status", "--grpc", cluster.brokers[3].grpc).decode()
    assert f"stores that nobody serves: {stores[1]}" in text or f" {stores[1]}" in text.partition("blocked:")[2], text
    logs = "".join(broker.process.log_text() for broker in cluster.brokers.values())
    assert any(block["text"].partition(":")[2].strip() in logs for block in found), "the log of the controller says the same"
    # It stays blocked, and nothing is invented: neither time nor the object store's return changes anything.
    cluster.s3.faults("outage=false")
    for _ in range(5):
        time.sleep(1)
        assert shards <= {shard for block in cluster.status()["blocked"] for shard in block["shards"]}
        assert not shards & {shard for broker in cluster.status()["brokers"] for shard in broker["shards"]}
    # How an operator goes on from here: test_unclean_recover.py.
