"""Kafka Streams with exactly_once_v2 over three brokers under faults: every word is counted once."""

import json

from counting import APPLICATION, Counting
from harness.cluster import EskerCluster
from harness.wait import until
from steady import Steady
from trouble import Trouble

BATCH = 300
RATE = 60  # lines a second
SHORT, FEW = 5, 3  # --kills of a run in `make test`, and what it means here


def internal_topics(cluster: EskerCluster) -> dict[str, dict]:
    """The topics that Streams has created for itself, as `esker topic describe` shows them."""
    broker = cluster.brokers[1]

    def topic(*arguments):
        return json.loads(broker.cli("topic", *arguments, "--bootstrap", cluster.bootstrap, "--output", "json"))
    names = [listed["topic"] for listed in topic("list") if listed["topic"].startswith(APPLICATION)]
    return {name.rpartition("-")[2]: topic("describe", name) for name in names if name != "word-counts"}


def test_words_are_counted_exactly_once(make_cluster, tmp_path, request):
    kills = request.config.getoption("--kills")
    cluster = make_cluster(network=True)
    trouble = Trouble(cluster, request.config.getoption("--seed"))
    counting = Counting(cluster.bootstrap, tmp_path, trouble.seed)
    cluster.at_end.append(counting.stop)
    counting.send(BATCH)
    counting.await_counted(120)
    steady = Steady(counting.send, RATE)
    cluster.at_end.append(steady.stop)
    for _ in range(kills if kills > SHORT else FEW):
        trouble.strike()
        if trouble.chance.random() < 0.3:
            counting.kill_one(trouble.chance)
    steady.stop()
    counting.await_counted(300)
    # The counts of before are in the changelog alone.
    counting.lose_state()
    counting.send(BATCH)
    counting.await_counted(120)
    counting.check()
    topics = internal_topics(cluster)
    assert topics["changelog"]["configs"]["cleanup.policy"] == "compact", topics
    first = lambda: [partition["first_offset"] for partition in internal_topics(cluster)["repartition"]["partitions"]]  # noqa: E731
    until("what has been counted is deleted from the repartition topic", lambda: any(first()), 30, interval=0.5)
    counting.stop()
    counting.check()
    print(f"{trouble}; --seed={trouble.seed}")
    print(f"{counting.words.total()} words counted; processes killed: {counting.killed}; threads replaced: "
          f"{ {name: len(notes) for name, notes in counting.notes().items()} }; brokers that ended by themselves: {len(cluster.exits)}")
    for name, notes in counting.notes().items():
        print(*(f"  {name}: {note}" for note in notes), sep="\n")
