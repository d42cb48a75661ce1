"""Brokers that die and come back while programs talk to the first one alone, which stays."""

import random
from collections.abc import Callable

from harness.cluster import EskerCluster
from harness.wait import until


def comes_back(cluster: EskerCluster, number: int) -> None:
    """A broker that has ended begins again."""
    cluster.launch(number)
    cluster.brokers[number].await_ready(60)
    until("the cluster is whole again", cluster.whole, 60, interval=0.2)


def brokers_die(cluster: EskerCluster, chance: random.Random, times: int, goes_on: Callable[[], None], killed: float = 0.6) -> None:
    """So many times one of the others is killed (kill -9, with this probability) or stops, and comes back; `goes_on` waits until work goes
    on, at first, without it, and with it."""
    goes_on()
    for _ in range(times):
        victim = chance.choice([number for number in cluster.brokers if number != 1])
        if chance.random() < killed:
            cluster.brokers[victim].kill()
        else:
            cluster.brokers[victim].stop()
        goes_on()
        comes_back(cluster, victim)
        goes_on()
