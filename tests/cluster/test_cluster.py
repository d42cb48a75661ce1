"""A cluster under load: brokers killed, frozen and restarted. What was acknowledged is there, once, in order."""

import random
import signal
import time

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from harness.cluster import EskerCluster
from harness.probe import Probe
from harness.wait import until
from test_kill import PARTITIONS, Load, check_acks, check_seen, create, read_all


@pytest.fixture
def cluster(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("a cluster of Esker")
    cluster = EskerCluster(tmp_path / "cluster").start()
    yield cluster
    panics = cluster.panics()
    cluster.end()
    assert not panics


def finish(cluster: EskerCluster, load: Load, probe: Probe) -> tuple[int, int, int]:
    """Ends the load; how much was acknowledged, followed and stored."""
    load.await_progress()
    load.stop()
    probe.stop()
    records = read_all(cluster.bootstrap)
    return check_acks(load.acks, records), check_seen(load.seen, records), sum(map(len, records))


def under_load(cluster: EskerCluster, directory) -> tuple[Load, Probe]:
    """Producers and a follower on one topic, a probe on another; all at work."""
    create(cluster.bootstrap)
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    admin.create_topics([NewTopic("probe", PARTITIONS, 3)])["probe"].result(30)
    load, probe = Load(cluster.bootstrap, directory), Probe(cluster.bootstrap, "probe", PARTITIONS)
    load.await_progress()
    until("the probe works", lambda: all(probe.acked), 30)
    return load, probe


def gap(probe: Probe, since: float) -> float:
    """Seconds for which some partition took nothing, after what happened at `since`."""
    until("every partition takes records again", lambda: probe.gap(since) is not None, 60)
    return probe.gap(since)


def test_brokers_die_and_freeze(cluster, tmp_path, request):
    faults = request.config.getoption("--kills")
    seed = request.config.getoption("--seed") or random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    print(f"--seed={seed}")
    load, probe = under_load(cluster, tmp_path)
    gaps = {"kill": [], "freeze": []}
    for number in range(faults):
        load.await_progress()
        time.sleep(chance.uniform(0, 1.5))  # the random moment itself; nothing is waited for here
        victim = chance.choice(list(cluster.brokers))
        broker = cluster.brokers[victim]
        fault = "freeze" if number % 3 == 2 else "kill"
        at = time.monotonic()
        if fault == "kill":
            broker.kill()
            gaps[fault].append(gap(probe, at))
        else:
            broker.process.popen.send_signal(signal.SIGSTOP)
            gaps[fault].append(gap(probe, at))
            # It comes back as a zombie: its session is over, others have its shards.
            until("its session is over", lambda: cluster.without(victim), 60)
            broker.process.popen.send_signal(signal.SIGCONT)
            until("the zombie gives up", lambda: not broker.process.alive(), 30)
        broker.start(timeout=60)
        cluster.await_whole()
    acked, followed, stored = finish(cluster, load, probe)
    print(f"{faults} faults, {acked} acked, {followed} followed, {stored} stored; gaps in seconds: "
          + "; ".join(f"{fault} {' '.join(f'{g:.2f}' for g in sorted(seconds))}" for fault, seconds in gaps.items() if seconds))


def test_rolling_restart(cluster, tmp_path):
    load, probe = under_load(cluster, tmp_path)
    gaps = []
    for broker in cluster.brokers.values():
        at = time.monotonic()
        broker.stop(timeout=90)
        gaps.append(gap(probe, at))
        broker.start(timeout=60)
        cluster.await_whole()
        load.await_progress()
    acked, followed, stored = finish(cluster, load, probe)
    print(f"every broker restarted, {acked} acked, {followed} followed, {stored} stored; gaps in seconds: "
          + " ".join(f"{g:.2f}" for g in gaps))
