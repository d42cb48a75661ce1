"""What happens to a cluster while programs use transactions: one function per kind, each from a whole cluster to a whole one."""

import random
import time

from harness.cluster import ETCD, S3, EskerCluster, delete_store, freeze, thaw
from harness.network import both_ways
from harness.wait import until

AWAY = 6.0  # seconds for which something is away: two sessions


def await_end(cluster: EskerCluster, number: int) -> None:
    """The others know that a broker's session is over. Should one of them end too, it is started again, as a supervisor does."""
    def over() -> bool:
        cluster.revive(but=number)
        return cluster.without(number)
    until("its session is over", over, 60)


def kill(cluster: EskerCluster, number: int) -> None:
    """kill -9; others take over, and it comes back."""
    cluster.brokers[number].kill()
    await_end(cluster, number)
    cluster.launch(number)


def pause(cluster: EskerCluster, number: int) -> None:
    """SIGSTOP, shorter than a session."""
    process = cluster.brokers[number].process
    freeze(process)
    time.sleep(1.5)  # the pause itself; nothing is waited for here
    thaw(process)


def pause_beyond_session(cluster: EskerCluster, number: int) -> None:
    """SIGSTOP until others have taken over: what wakes up is a zombie, which must harm nobody, and gives up."""
    process = cluster.brokers[number].process
    freeze(process)
    await_end(cluster, number)
    thaw(process)
    until("the zombie gives up", lambda: not process.alive(), 30)
    cluster.launch(number)


def move(cluster: EskerCluster, number: int) -> None:
    """A graceful restart: planned moves of all its shards, there and back."""
    cluster.brokers[number].stop(timeout=90)
    cluster.launch(number)


def lose_disk(cluster: EskerCluster, number: int) -> None:
    """A broker dies and comes back with an empty disk. What it held has enough copies before, and again afterwards."""
    cluster.await_copied()
    cluster.brokers[number].kill()
    delete_store(cluster.brokers[number])
    cluster.launch(number)
    cluster.await_copied()


def etcd_away(cluster: EskerCluster, _: int) -> None:
    cluster.etcd.process.kill()
    time.sleep(AWAY)
    cluster.etcd.start()


def s3_away(cluster: EskerCluster, _: int) -> None:
    cluster.s3.faults("outage=true")
    time.sleep(AWAY)
    cluster.s3.faults("outage=false")


def cut_off(cluster: EskerCluster, number: int) -> None:
    """Clients reach the broker, and it reaches nobody. It notices that its session is over, and leaves."""
    others = [str(other) for other in cluster.brokers if other != number]
    cluster.network.cut([pair for other in [*others, ETCD, S3] for pair in both_ways(str(number), other)])
    time.sleep(AWAY)
    cluster.network.heal()


# How often each is drawn, relative to the others, once there was one of each.
KINDS = {kill: 6, pause_beyond_session: 4, move: 4, pause: 3, cut_off: 1, lose_disk: 1, etcd_away: 1, s3_away: 1}


class Trouble:
    """Faults of all kinds in a row, and how often there was each."""

    def __init__(self, cluster: EskerCluster, seed: int):
        self.cluster, self.seed = cluster, seed or random.SystemRandom().randrange(1 << 32)
        print(f"--seed={self.seed}", flush=True)
        self.chance, self.count, self.began = random.Random(self.seed), dict.fromkeys((kind.__name__ for kind in KINDS), 0), time.monotonic()

    def strike(self) -> None:
        """The next fault. Each kind once, then whatever chance brings."""
        number = sum(self.count.values())
        kinds = list(KINDS)
        kind = kinds[number] if number < len(kinds) else self.chance.choices(kinds, list(KINDS.values()))[0]
        victim, at = self.chance.choice(list(self.cluster.brokers)), time.monotonic()
        self.count[kind.__name__] += 1
        print(f"{at - self.began:7.1f} s  fault {number}: {kind.__name__} {victim}", end="", flush=True)
        kind(self.cluster, victim)
        # Brokers that saw their session end have stopped by themselves, and are started again.
        self.cluster.await_whole(120)
        print(f", {time.monotonic() - at:.1f} s", flush=True)

    def __str__(self) -> str:
        faults = ", ".join(f"{count} x {name}" for name, count in self.count.items())
        return f"{sum(self.count.values())} faults in {(time.monotonic() - self.began) / 60:.1f} min ({faults})"
