"""A cluster under load: brokers killed, frozen and restarted. What was acknowledged is there, once, in order."""

import random
import signal
import time

import pytest

from harness.cluster import EskerCluster
from harness.wait import until
from test_kill import Load, check_acks, check_seen, create, read_all

# How long a frozen broker stays frozen: longer than its lease.
FROZEN = 6.0


@pytest.fixture
def cluster(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("a cluster of Esker")
    cluster = EskerCluster(tmp_path / "cluster").start()
    yield cluster
    panics = cluster.panics()
    cluster.remove()
    assert not panics


def finish(cluster: EskerCluster, load: Load) -> tuple[int, int, int]:
    """Ends the load; how much was acknowledged, followed and stored."""
    load.await_progress()
    load.stop()
    records = read_all(cluster.bootstrap)
    return check_acks(load.acks, records), check_seen(load.seen, records), sum(map(len, records))


def await_progress(load: Load) -> float:
    """Seconds until every producer gets acknowledgements again."""
    start = time.monotonic()
    load.await_progress()
    return time.monotonic() - start


def test_brokers_die_and_freeze(cluster, tmp_path, request):
    faults = request.config.getoption("--kills")
    seed = request.config.getoption("--seed") or random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    print(f"--seed={seed}")
    create(cluster.bootstrap)
    load = Load(cluster.bootstrap, tmp_path)
    gaps = {"kill": [], "freeze": []}
    for number in range(faults):
        load.await_progress()
        time.sleep(chance.uniform(0, 1.5))  # the random moment itself; nothing is waited for here
        broker = cluster.brokers[chance.choice(list(cluster.brokers))]
        fault = "freeze" if number % 3 == 2 else "kill"
        if fault == "kill":
            broker.kill()
            gaps[fault].append(await_progress(load))
            broker.start(timeout=60)
        else:
            broker.process.popen.send_signal(signal.SIGSTOP)
            frozen = time.monotonic()
            gaps[fault].append(await_progress(load))
            # It comes back as a zombie: its session is over, others have its shards.
            until("the lease is over for certain", lambda: time.monotonic() - frozen > FROZEN, FROZEN + 5)
            broker.process.popen.send_signal(signal.SIGCONT)
            until("the zombie gives up", lambda: not broker.process.alive(), 30)
            broker.start(timeout=60)
        cluster.await_whole()
    acked, followed, stored = finish(cluster, load)
    print(f"{faults} faults, {acked} acked, {followed} followed, {stored} stored, gaps "
          + ", ".join(f"{fault} {max(seconds):.2f} s at most" for fault, seconds in gaps.items() if seconds))


def test_rolling_restart(cluster, tmp_path):
    create(cluster.bootstrap)
    load = Load(cluster.bootstrap, tmp_path)
    load.await_progress()
    for broker in cluster.brokers.values():
        broker.stop(timeout=90)
        load.await_progress()
        broker.start(timeout=60)
        cluster.await_whole()
        load.await_progress()
    acked, followed, stored = finish(cluster, load)
    print(f"every broker restarted, {acked} acked, {followed} followed, {stored} stored")
