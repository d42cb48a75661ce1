"""Consume, process, produce over three brokers under faults: the output is the input, record by record, also when it is read again
from objects with every log deleted."""

import random
import time

from copying import Copying
from harness.cluster import EskerCluster, delete_store, freeze, thaw
from harness.wait import until

BATCH = 400


def kill(cluster: EskerCluster, number: int) -> None:
    cluster.brokers[number].kill()
    until("its session is over", lambda: cluster.without(number), 60)
    cluster.launch(number).await_ready(60)


def freeze_briefly(cluster: EskerCluster, number: int) -> None:
    process = cluster.brokers[number].process
    freeze(process)
    time.sleep(1.5)  # shorter than a session
    thaw(process)


def move_everything(cluster: EskerCluster, number: int) -> None:
    """A graceful restart: planned moves of every shard, there and back."""
    cluster.brokers[number].stop(timeout=90)
    cluster.launch(number).await_ready(60)


FAULTS = [kill, freeze_briefly, move_everything]


def test_exactly_once_under_faults(make_cluster, tmp_path, request):
    seed = request.config.getoption("--seed") or random.SystemRandom().randrange(1 << 32)
    print(f"--seed={seed}", flush=True)
    chance = random.Random(seed)
    cluster = make_cluster()
    copying = Copying(cluster.bootstrap, tmp_path)
    cluster.at_end.append(copying.stop)
    copying.source.send(BATCH)
    until("the copiers have begun", copying.copied, 120, interval=1)
    for number in range(request.config.getoption("--kills")):
        fault = FAULTS[number] if number < len(FAULTS) else chance.choice(FAULTS)
        victim = chance.choice(list(cluster.brokers))
        copying.source.send(BATCH)
        at = time.monotonic()
        fault(cluster, victim)
        if chance.random() < 0.3:
            copying.kill_one(chance)
        cluster.await_whole(120)
        copying.source.send(BATCH)
        print(f"fault {number}: {fault.__name__} {victim}, {time.monotonic() - at:.1f} s", flush=True)
    copying.await_copied(300)
    copying.check()
    print(f"{copying.source.sent} records, copied twice; started over: {copying.notes()}; ended by themselves: {cluster.exits}")
    copying.stop()
    # Everything goes to objects; then no log is left.
    for broker in cluster.brokers.values():
        broker.flush()
    cluster.await_copied()
    for broker in cluster.brokers.values():
        broker.stop(timeout=90)
    for broker in cluster.brokers.values():
        delete_store(broker)
    cluster.start()
    copying.check()
