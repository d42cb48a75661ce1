"""What can happen to a cluster, one function per kind. Each does it, undoes it, and notes how long partitions took no records.

When a function begins the cluster is whole, and it is made whole again afterwards, so that the next one is again a single fault (or
the combination that a function names).
"""

import itertools
import random
import time
from collections import defaultdict
from collections.abc import Callable

from harness.cluster import ETCD, S3, EskerCluster, delete_store, freeze, thaw
from harness.network import both_ways
from harness.wait import until
from workload import Workload


class Scene:
    """A cluster under load, the run's chance, and what was noted so far."""

    def __init__(self, cluster: EskerCluster, work: Workload, chance: random.Random):
        self.cluster, self.work, self.chance = cluster, work, chance
        self.count: dict[str, int] = defaultdict(int)
        self.gaps: dict[str, list[float]] = defaultdict(list)
        self.moves: list[float] = []

    def victim(self) -> int:
        return self.chance.choice(list(self.cluster.brokers))

    def pair(self) -> tuple[str, str]:
        return tuple(map(str, self.chance.sample(list(self.cluster.brokers), 2)))

    def others(self, number: int | str) -> list[str]:
        return [str(other) for other in self.cluster.brokers if str(other) != str(number)]

    def last(self, least: float, most: float) -> float:
        """The fault lasts a random time; nothing is waited for here."""
        seconds = self.chance.uniform(least, most)
        time.sleep(seconds)
        return seconds

    def note(self, kind: str, since: float, but: int | None = None) -> None:
        """Brokers that end meanwhile are started again, except for one."""
        self.gaps[kind].append(self.work.gap(since, but))

    def restart(self, number: int) -> None:
        """Starts a broker that is not running, and notes the pauses of what then moves to it."""
        leaders, at = self.work.leaders(), time.monotonic()
        self.cluster.launch(number).await_ready(60)
        self.cluster.await_whole()
        self.note_moves(leaders, at)

    def note_moves(self, leaders: list[int], since: float, but: int | None = None) -> None:
        """The pauses of partitions that have other leaders than `leaders` now."""
        gaps, now = self.work.gaps(since, but), self.work.leaders()
        self.moves += [gap for gap, before, after in zip(gaps, leaders, now) if before != after]

    def strike(self, kind: str) -> None:
        """One fault, from a whole cluster to a whole cluster."""
        self.cluster.await_whole()
        self.work.await_progress()
        self.last(0, 1)
        self.count[kind] += 1
        KINDS[kind][1](self)
        self.cluster.await_whole(120)
        self.work.await_consumption()


def kill(scene: Scene) -> None:
    number, at = scene.victim(), time.monotonic()
    scene.cluster.brokers[number].kill()
    scene.note("kill", at, but=number)
    scene.restart(number)


def freeze_broker(scene: Scene) -> None:
    number, at = scene.victim(), time.monotonic()
    process = scene.cluster.brokers[number].process
    freeze(process)
    scene.note("freeze", at, but=number)
    # It comes back as a zombie: its session is over, others have its shards.
    until("its session is over", lambda: scene.cluster.without(number), 60)
    thaw(process)
    until("the zombie gives up", lambda: not process.alive(), 30)
    scene.restart(number)


def freeze_briefly(scene: Scene) -> None:
    """Shorter than a session, or about as long."""
    at, process = time.monotonic(), scene.cluster.brokers[scene.victim()].process
    freeze(process)
    scene.last(0.2, 3.5)
    thaw(process)
    scene.note("freeze_briefly", at)


def restart_gracefully(scene: Scene) -> None:
    number, at, leaders = scene.victim(), time.monotonic(), scene.work.leaders()
    scene.cluster.brokers[number].stop(timeout=90)
    scene.note("restart", at, but=number)
    scene.note_moves(leaders, at, but=number)
    scene.restart(number)


def lose_disk(scene: Scene) -> None:
    """A broker dies and comes back with an empty disk. What it held has enough copies before, and again afterwards."""
    scene.cluster.await_copied()
    number, at = scene.victim(), time.monotonic()
    broker = scene.cluster.brokers[number]
    broker.kill()
    delete_store(broker)
    scene.note("lose_disk", at, but=number)
    scene.restart(number)
    scene.cluster.await_copied()


def kill_two(scene: Scene) -> None:
    """Nothing can be acknowledged until one of them is back."""
    at = time.monotonic()
    victims = scene.chance.sample(list(scene.cluster.brokers), 2)
    for number in victims:
        scene.cluster.brokers[number].kill()
    scene.last(0, 5)
    for number in scene.chance.sample(victims, 2):
        scene.cluster.launch(number)
        scene.last(0, 2)
    scene.cluster.await_whole(120)
    scene.note("kill_two", at)


def kill_all(scene: Scene) -> None:
    at = time.monotonic()
    for broker in scene.cluster.brokers.values():
        broker.kill()
    for number in scene.chance.sample(list(scene.cluster.brokers), 3):
        scene.cluster.launch(number)
        scene.last(0, 1)
    scene.cluster.await_whole(120)
    scene.note("kill_all", at)


def _while_cut(kind: str, pairs: Callable[[Scene], list[tuple[str, str]]], least: float = 0.3, most: float = 9) -> Callable:
    def cut(scene: Scene) -> None:
        at, what = time.monotonic(), pairs(scene)
        scene.cluster.network.cut(what)
        scene.last(least, most)
        if scene.chance.random() < 0.3:
            scene.cluster.network.reset(what)  # what was under way never arrives
        scene.cluster.network.heal()
        # Brokers that saw their session end stop by themselves, and are started again.
        scene.cluster.await_whole(120)
        scene.note(kind, at)
    return cut


def _alone(scene: Scene) -> list[tuple[str, str]]:
    """Clients reach the broker, and it reaches nobody."""
    number = str(scene.victim())
    return list(itertools.chain.from_iterable(both_ways(number, other) for other in [*scene.others(number), ETCD, S3]))


def _from_a_service(service: str) -> Callable[[Scene], list[tuple[str, str]]]:
    def pairs(scene: Scene) -> list[tuple[str, str]]:
        both = both_ways(str(scene.victim()), service)
        return scene.chance.choice([both, both[:1], both[1:]])
    return pairs


def delays(scene: Scene) -> None:
    """The network to one broker, or of all brokers, is slow."""
    at, number = time.monotonic(), str(scene.victim())
    nodes = [str(n) for n in scene.cluster.brokers]
    pairs = list(itertools.permutations(nodes, 2)) if scene.chance.random() < 0.3 else [
        pair for other in scene.others(number) for pair in both_ways(number, other)]
    scene.cluster.network.delay(pairs, scene.chance.choice((0.005, 0.03, 0.1, 0.3, 0.7)))
    scene.last(1, 8)
    scene.cluster.network.heal()
    scene.cluster.await_whole(120)
    scene.note("delay", at)


def resets(scene: Scene) -> None:
    """Connections between all brokers break, again and again."""
    at, nodes = time.monotonic(), [str(n) for n in scene.cluster.brokers]
    for _ in range(scene.chance.randint(1, 10)):
        scene.cluster.network.reset(list(itertools.permutations([*nodes, ETCD, S3], 2)))
        scene.last(0, 0.5)
    scene.note("reset", at)


def etcd_frozen(scene: Scene) -> None:
    at, process = time.monotonic(), scene.cluster.etcd.process
    freeze(process)
    scene.last(0.3, 8)
    thaw(process)
    scene.cluster.await_whole(120)
    scene.note("etcd_frozen", at)


def etcd_killed(scene: Scene) -> None:
    at, etcd = time.monotonic(), scene.cluster.etcd
    etcd.process.kill()
    scene.last(0, 10)
    etcd.start()
    scene.cluster.await_whole(120)
    scene.note("etcd_killed", at)


def kill_without_etcd(scene: Scene) -> None:
    """What the broker owned waits for etcd."""
    at, etcd, number = time.monotonic(), scene.cluster.etcd, scene.victim()
    etcd.process.kill()
    scene.last(0, 3)
    scene.cluster.brokers[number].kill()
    scene.last(0, 3)
    etcd.start()
    scene.note("kill_without_etcd", at)


def s3_stopped(scene: Scene) -> None:
    at, s3 = time.monotonic(), scene.cluster.s3
    if scene.chance.random() < 0.5:
        freeze(s3.process)
        scene.last(1, 15)
        thaw(s3.process)
    else:
        s3.process.kill()
        scene.last(0, 10)
        s3.start()
    scene.note("s3_stopped", at)


def s3_outage(scene: Scene) -> None:
    at = time.monotonic()
    scene.cluster.s3.faults("outage=true")
    scene.last(1, 10)
    scene.cluster.s3.faults("outage=false")
    scene.note("s3_503", at)


def _flaky_s3(scene: Scene) -> None:
    rates = (scene.chance.choice((0, 0.1, 0.4)) for _ in range(3))
    scene.cluster.s3.faults("fail_rate={}&lose_rate={}&cut_rate={}".format(*rates) + f"&latency_ms={scene.chance.choice((0, 50, 500))}")


def s3_flaky(scene: Scene) -> None:
    """Answers are lost, late, cut short or refused, while everything is uploaded."""
    at = time.monotonic()
    _flaky_s3(scene)
    scene.cluster.brokers[scene.victim()].flush()
    scene.last(1, 8)
    scene.cluster.s3.faults(S3_IS_FINE)
    scene.note("s3_flaky", at)


def kill_without_s3(scene: Scene) -> None:
    """A failover needs the manifests from the object store: the new owners wait for it, or have them."""
    number, at = scene.victim(), time.monotonic()
    scene.cluster.s3.faults("outage=true")
    scene.last(0, 2)
    scene.cluster.brokers[number].kill()
    scene.last(1, 6)
    scene.cluster.s3.faults(S3_IS_FINE)
    scene.note("kill_without_s3", at)


def kill_with_flaky_s3(scene: Scene) -> None:
    number, at = scene.victim(), time.monotonic()
    _flaky_s3(scene)
    scene.last(0, 2)
    scene.cluster.brokers[number].kill()
    scene.last(1, 6)
    scene.cluster.s3.faults(S3_IS_FINE)
    scene.note("kill_with_flaky_s3", at)


def kill_in_a_delay(scene: Scene) -> None:
    """Frames under way arrive after their writer's death."""
    number, at = scene.victim(), time.monotonic()
    scene.cluster.network.delay(list(itertools.permutations(map(str, scene.cluster.brokers), 2)), scene.chance.choice((0.05, 0.5, 1.5)))
    scene.last(0, 2)
    scene.cluster.brokers[number].kill()
    scene.last(0, 2)
    scene.cluster.network.heal()
    scene.note("kill_in_a_delay", at)


def kill_behind_a_cut(scene: Scene) -> None:
    """Two brokers have lost sight of each other when the third dies."""
    at, (a, b) = time.monotonic(), scene.pair()
    number = int(next(n for n in scene.others(a) if n != b))
    scene.cluster.network.cut(scene.chance.choice([both_ways(a, b), [(a, b)]]))
    scene.last(0, 3)
    scene.cluster.brokers[number].kill()
    scene.last(0, 5)
    scene.cluster.network.heal()
    scene.note("kill_behind_a_cut", at)


S3_IS_FINE = "outage=false&fail_rate=0&lose_rate=0&cut_rate=0&latency_ms=0"

# How often each is drawn, relative to the others, and what it is.
KINDS: dict[str, tuple[int, Callable[[Scene], None]]] = {
    "kill": (8, kill),
    "freeze": (3, freeze_broker),
    "freeze_briefly": (2, freeze_briefly),
    "restart": (4, restart_gracefully),
    "lose_disk": (4, lose_disk),
    "kill_two": (1, kill_two),
    "kill_all": (1, kill_all),
    "cut_one_way": (2, _while_cut("cut_one_way", lambda scene: [scene.pair()])),
    "cut_both_ways": (2, _while_cut("cut_both_ways", lambda scene: both_ways(*scene.pair()))),
    "cut_off": (2, _while_cut("cut_off", _alone)),
    "cut_from_etcd": (2, _while_cut("cut_from_etcd", _from_a_service(ETCD))),
    "cut_from_s3": (1, _while_cut("cut_from_s3", _from_a_service(S3))),
    "delay": (2, delays),
    "reset": (1, resets),
    "etcd_frozen": (1, etcd_frozen),
    "etcd_killed": (1, etcd_killed),
    "kill_without_etcd": (1, kill_without_etcd),
    "s3_stopped": (1, s3_stopped),
    "s3_503": (1, s3_outage),
    "s3_flaky": (1, s3_flaky),
    "kill_without_s3": (1, kill_without_s3),
    "kill_with_flaky_s3": (1, kill_with_flaky_s3),
    "kill_in_a_delay": (1, kill_in_a_delay),
    "kill_behind_a_cut": (1, kill_behind_a_cut),
}
