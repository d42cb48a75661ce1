"""Consumer groups under faults, and the judgement on what they were given."""

import sys
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from checks import CLIENTS
from harness.process import Process
from harness.wait import until
from test_kill import PARTITIONS, PYTHON, TOPIC

MEMBERS = 3


class Group:
    """A group of one client's members on the load topic."""

    def __init__(self, client: str, bootstrap: str, directory: Path):
        self.name, self.bootstrap, self.seen = f"group-{client}", bootstrap, directory / f"{client}.group"
        self.ask({p: 0 for p in range(PARTITIONS)})
        program = {"java": [*CLIENTS["java"][:-1], "esker.clients.GroupMembers"],
                   "librdkafka": [sys.executable, PYTHON / "group_members.py"]}[client]
        self.process = Process([*program, bootstrap, TOPIC, self.name, MEMBERS, self.seen], directory / f"{self.name}.log")

    def ask(self, commit: dict[int, int] | None = None) -> list[int]:
        """The group's offsets, from outside; first commits some, which only works while there are no members."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": self.name, "enable.auto.commit": False, "log_level": 2})
        try:
            if commit:
                consumer.commit(offsets=[TopicPartition(TOPIC, p, offset) for p, offset in commit.items()], asynchronous=False)
            return [p.offset for p in consumer.committed([TopicPartition(TOPIC, p) for p in range(PARTITIONS)], 30)]
        finally:
            consumer.close()

    def members(self) -> int:
        """How many the coordinator knows: one that has hung itself up for good is found missing."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2})  # must outlive the question
        try:
            return len(admin.describe_consumer_groups([self.name])[self.name].result(30).members)
        except (KafkaException, TimeoutError):
            return 0

    def stop(self, ends: list[int], timeout: float) -> list[int]:
        """Waits until the group has committed everything, and ends its members; its offsets."""
        until(f"{self.name} has its {MEMBERS} members", lambda: self.members() == MEMBERS, 120, interval=0.5)
        until(f"{self.name} has committed {ends}", lambda: self.ask() == ends, timeout, interval=0.5)
        self.process.stop(60)
        return self.ask()


@dataclass
class Consumption:
    """What a group was given."""

    consumed: int = 0  # different records
    redelivered: int = 0  # records given again: allowed, after a member was lost or its commit came too late
    notes: int = 0  # commits that failed and the like


def check_group(lines, records: list[list], offsets: list[int]) -> Consumption:
    """A group was given every record at least once and in order, nothing was skipped, and no acknowledged commit was lost.

    `lines` are those of the members' file, in order; `records` what is stored, per partition; `offsets` what the broker says
    that the group has committed in the end.
    """
    following, committed = [0] * len(records), [0] * len(records)
    position: dict[tuple[str, int], int] = {}
    found = Consumption()
    for line in lines:
        kind, member, text = line.rstrip("\n").split(" ", 2)
        if kind == "n":
            found.notes += 1
            continue
        assert kind != "e", line
        partition, offset, *record = text.split(" ")
        p, o = int(partition), int(offset)
        if kind == "a":
            assert committed[p] <= o <= following[p], f"reading begins at {o}, and {committed[p]} was committed: {line}"
            position[member, p] = o
        elif kind == "c":
            assert o <= following[p], f"committed what was not read: {line}"
            committed[p] = max(committed[p], o)
        else:
            assert o <= following[p], f"skipped from {following[p]}: {line}"
            assert position.get((member, p), o) == o, f"the member was at {position[member, p]}: {line}"
            assert o < len(records[p]) and records[p][o] == (record[0], int(record[1])), f"seen, but not there: {line}"
            position[member, p] = o + 1
            found.redelivered += o < following[p]
            following[p] = max(following[p], o + 1)
    ends = [len(partition) for partition in records]
    assert following == ends, f"given up to {following} of {ends}"
    assert all(c <= o for c, o in zip(committed, offsets)), f"acknowledged commits {committed}, stored {offsets}"
    found.consumed = sum(following)
    return found
