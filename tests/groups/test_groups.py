"""Groups of the consumer protocol (KIP-848) with real clients: members come, go and die, and change their protocol."""

import random
import threading
import time

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from fleet import HEARTBEAT, SESSION, Crew, Fleet, longest_gap, overlaps

from harness.wait import until
from trouble import Trouble

TOPIC = "fleet"


def create(bootstrap: str, partitions: int, replicas: int = 1) -> AdminClient:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    admin.create_topics([NewTopic(TOPIC, partitions, replicas)])[TOPIC].result(30)
    return admin


def group_type(admin: AdminClient, group: str) -> tuple[str, str]:
    listed = admin.list_consumer_groups().result(30).valid
    found = [g for g in listed if g.group_id == group]
    return (found[0].type.name, found[0].state.name) if found else ("none", "none")


class Load(threading.Thread):
    """Writes a record to every partition again and again, until it is told to stop."""

    def __init__(self, bootstrap: str, partitions: int):
        super().__init__()
        self.producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, "log_level": 2})
        self.partitions, self.stopping, self.failed = partitions, threading.Event(), []

    def run(self):
        while not self.stopping.wait(0.05):
            for partition in range(self.partitions):
                self.producer.produce(TOPIC, b"x", partition=partition, on_delivery=self.delivered)
            self.producer.poll(0)
        self.producer.flush(60)

    def delivered(self, error, _):
        if error:
            self.failed.append(error)


@pytest.mark.parametrize("crews, members, partitions, rounds", [(2, 1, 4, 2), (10, 5, 100, 8)], ids=["few", "fifty"])
def test_members_come_go_and_die(quick_broker, tmp_path, request, crews, members, partitions, rounds):
    """No partition has two owners, ever, and none has no owner for longer than a session."""
    seed = request.config.getoption("--seed") or random.randrange(1 << 30)
    print(f"--seed={seed}")
    choose = random.Random(seed)
    create(quick_broker.bootstrap, partitions)
    fleet = Fleet(quick_broker.bootstrap, TOPIC, "fleet", tmp_path, members)

    def launch():
        fleet.launch(["java", "librdkafka"][len(fleet.crews) % 2], "consumer")

    def shared():
        owners = fleet.owners()
        return len(owners) == partitions and len(set(owners.values())) == min(partitions, members * len(fleet.running()))

    for _ in range(crews):
        launch()
    until("everybody has something", shared, 180, interval=0.5)
    for _ in range(rounds):
        victim = choose.choice(fleet.running())
        what = choose.choice(["leaves", "dies", "is replaced"])
        print(victim.name, what)
        if what == "leaves":
            victim.leave()
        else:
            victim.die()
        if what == "is replaced" or len(fleet.running()) <= crews // 2:
            launch()
        until("everybody has something", shared, 120, interval=0.5)
    judge(fleet)


def judge(fleet: Fleet) -> None:
    """No partition has two owners, ever. A dead member's partitions are free when its session is over, and the next owner hears of it
    with its next heartbeat; what is moved for balance takes one heartbeat of the old owner and one of the new."""
    holdings = fleet.holdings()
    fleet.stop()
    assert not fleet.errors()
    assert not overlaps(holdings)
    gap, where = longest_gap(holdings)
    print(f"longest without an owner: {gap} ms, {where}")
    assert gap / 1000 <= SESSION + 4 * HEARTBEAT + 2, where


def test_members_and_brokers_die(quick_cluster, tmp_path, request):
    """Three brokers are killed, paused and moved away from while members come, go and die: the same holds, and every record is read."""
    kills = request.config.getoption("--kills")
    crews, members, partitions = (10, 5, 100) if kills > 5 else (2, 2, 8)
    trouble = Trouble(quick_cluster, request.config.getoption("--seed"))
    admin = create(quick_cluster.bootstrap, partitions, 3)
    load = Load(quick_cluster.bootstrap, partitions)
    load.start()
    fleet = Fleet(quick_cluster.bootstrap, TOPIC, "fleet", tmp_path, members)
    quick_cluster.at_end.append(fleet.kill)

    def launch():
        fleet.launch(["java", "librdkafka"][len(fleet.crews) % 2], "consumer")

    def shared():
        owners = fleet.owners()
        return len(owners) == partitions and len(set(owners.values())) == min(partitions, members * len(fleet.running()))

    for _ in range(crews):
        launch()
    until("everybody has something", shared, 180, interval=0.5)
    for number in range(kills):
        trouble.strike()
        until("everybody has something", shared, 120, interval=0.5)
        if number % 2:
            victim = trouble.chance.choice(fleet.running())
            trouble.chance.choice([Crew.leave, Crew.die])(victim)
            launch()
            until("everybody has something", shared, 120, interval=0.5)
    load.stopping.set()
    load.join()
    assert not load.failed
    await_all_read(admin, fleet, partitions)
    judge(fleet)
    print(f"{trouble}; --seed={trouble.seed}; {members * len(fleet.crews)} members in all")


@pytest.mark.parametrize("client", ["java", "librdkafka"])
def test_a_group_rolls_to_the_consumer_protocol_and_back(quick_broker, tmp_path, client):
    """One process after another, while records are written: every one of them is read, and the group changes its kind."""
    partitions, crews = 6, 3
    admin = create(quick_broker.bootstrap, partitions)
    fleet = Fleet(quick_broker.bootstrap, TOPIC, "rolling", tmp_path, 1)
    load = Load(quick_broker.bootstrap, partitions)
    load.start()
    old = [fleet.launch(client, "classic") for _ in range(crews)]
    complete = lambda: len(fleet.owners()) == partitions  # noqa: E731
    until("the classic group reads", complete, 60, interval=0.2)
    assert group_type(admin, "rolling")[0] == "CLASSIC"
    for protocol, kind in [("consumer", "CONSUMER"), ("classic", "CLASSIC")]:
        new = []
        for crew in old:
            crew.leave()
            new.append(fleet.launch(client, protocol))
            until("the new one has something", lambda: complete() and any(
                owner.startswith(new[-1].name) for owner in fleet.owners().values()), 90, interval=0.2)
            print(protocol, group_type(admin, "rolling"))
        until(f"the group is {kind}", lambda kind=kind: group_type(admin, "rolling") == (kind, "STABLE"), 60, interval=0.2)
        old = new
    load.stopping.set()
    load.join()
    assert not load.failed
    offsets = await_all_read(admin, fleet, partitions)
    fleet.stop()
    assert not fleet.errors()
    repeated = sum(len(offsets) - len(set(offsets)) for offsets in fleet.records().values())
    print(f"{sum(offsets.values())} records, {repeated} read again")


def await_all_read(admin: AdminClient, fleet: Fleet, partitions: int) -> dict[int, int]:
    """Somebody has been given every record; the ends of the partitions."""
    offsets = list_ends(admin, partitions)

    def everything():
        read = fleet.records()
        return all(set(read.get(p, [])) == set(range(end)) for p, end in offsets.items())
    until("every record is read", everything, 60, interval=0.5)
    return offsets


def list_ends(admin: AdminClient, partitions: int) -> dict[int, int]:
    from confluent_kafka.admin import OffsetSpec

    asked = {TopicPartition(TOPIC, p): OffsetSpec.latest() for p in range(partitions)}
    return {p.partition: future.result(30).offset for p, future in admin.list_offsets(asked).items()}


def test_an_old_member_is_told_of_a_new_topic_by_its_pattern(quick_broker, tmp_path):
    """A pattern that the broker looks after: topics that come later are consumed too."""
    from confluent_kafka import Consumer

    admin = AdminClient({"bootstrap.servers": quick_broker.bootstrap, "log_level": 2})
    admin.create_topics([NewTopic("one-a", 1, 1), NewTopic("other", 1, 1)])["one-a"].result(30)
    consumer = Consumer({"bootstrap.servers": quick_broker.bootstrap, "group.id": "pattern", "group.protocol": "consumer",
                         "auto.offset.reset": "earliest", "log_level": 2})
    consumer.subscribe(["^one-.*"])
    deadline = time.monotonic() + 60
    wanted = [{"one-a"}, {"one-a", "one-b"}]
    while wanted:
        consumer.poll(0.2)
        if {p.topic for p in consumer.assignment()} == wanted[0]:
            wanted.pop(0)
            if wanted:
                admin.create_topics([NewTopic("one-b", 2, 1)])["one-b"].result(30)
        assert time.monotonic() < deadline, [p.topic for p in consumer.assignment()]
    consumer.close()
