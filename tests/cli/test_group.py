"""`esker group`: groups of both protocols, seen and moved from outside."""

import uuid

import pytest
from confluent_kafka import Consumer, Producer

from harness.wait import until

RECORDS = 10


@pytest.fixture
def topic(cli):
    name = f"orders-{uuid.uuid4().hex[:8]}"
    # The records are of long ago.
    cli("topic", "create", name, "--partitions", 2, "--config", "retention.ms=-1")
    producer = Producer({"bootstrap.servers": cli.bootstrap})
    for number in range(2 * RECORDS):
        producer.produce(name, b"%d" % number, partition=number % 2, timestamp=1_700_000_000_000 + number)
    assert producer.flush(30) == 0
    return name


def consumer(cli, group: str, protocol: str) -> Consumer:
    return Consumer({"bootstrap.servers": cli.bootstrap, "group.id": group, "group.protocol": protocol,
                     "auto.offset.reset": "earliest", "enable.auto.commit": False, "client.id": "reader"})


def read_all(reader: Consumer, topic: str) -> None:
    reader.subscribe([topic])
    count = 0
    while count < 2 * RECORDS:
        message = reader.poll(30)
        assert message is not None and message.error() is None, message and message.error()
        count += 1
    reader.commit(asynchronous=False)


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_group_is_seen_while_it_has_members_and_moved_when_it_has_none(cli, topic, protocol):
    group = f"billing-{uuid.uuid4().hex[:8]}"
    reader = consumer(cli, group, protocol)
    read_all(reader, topic)

    listed = cli("group", "list", group)
    assert [(g["group"], g["type"], g["state"]) for g in listed] == [(group, protocol, "Stable")]
    other = {"classic": "consumer", "consumer": "classic"}[protocol]
    assert cli("group", "list", group, "--type", protocol, "--state", "Stable") == listed
    assert cli("group", "list", group, "--type", other) == []
    assert cli("group", "list", group, "--state", "Empty") == []
    assert group in cli.text("group", "list")

    described = cli("group", "describe", group)
    assert (described["state"], described["type"]) == ("Stable", protocol)
    members = cli("group", "members", group)
    assert members == described["members"]
    assert [m["client_id"] for m in members] == ["reader"]
    assert {t: sorted(ps) for t, ps in members[0]["assignment"].items()} == {topic: [0, 1]}
    assert f"{topic}:0,1" in cli.text("group", "members", group)
    offsets = cli("group", "offsets", group)
    assert offsets == described["partitions"]
    assert [(o["partition"], o["committed"], o["end_offset"], o["lag"]) for o in offsets] == [(0, 10, 10, 0), (1, 10, 10, 0)]

    assert "stop them first" in cli.refused("group", "reset-offsets", group, "--topic", topic, "--to", "earliest", "--execute")
    cli.refused("group", "delete", group)
    reader.close()
    until("the group is empty", lambda: cli("group", "list", group, "--state", "Empty"), 30)

    def reset(*args) -> list[tuple]:
        rows = cli("group", "reset-offsets", group, *args)
        assert {row["topic"] for row in rows} == {topic}
        return [(row["partition"], row["before"], row["after"]) for row in rows]

    def committed() -> list[int]:
        return [row["committed"] for row in cli("group", "offsets", group)]

    # Nothing moves without --execute.
    assert reset("--topic", topic, "--to", "earliest") == [(0, 10, 0), (1, 10, 0)]
    assert "add --execute" in cli.text("group", "reset-offsets", group, "--topic", topic, "--to", "earliest")
    assert committed() == [10, 10]
    assert reset("--topic", topic, "--to", "earliest", "--execute") == [(0, 10, 0), (1, 10, 0)]
    assert committed() == [0, 0]
    assert reset("--topic", topic, "--partition", 1, "--to", "7", "--execute") == [(1, 0, 7)]
    assert reset("--all-topics", "--to", "@1700000000005", "--execute") == [(0, 0, 3), (1, 7, 2)]
    assert reset("--all-topics", "--to", "1000", "--execute") == [(0, 3, 10), (1, 2, 10)], "the end is as far as it goes"
    assert reset("--topic", topic, "--to", "latest", "--execute") == [(0, 10, 10), (1, 10, 10)]
    assert "no partition 7" in cli.refused("group", "reset-offsets", group, "--topic", topic, "--partition", 7, "--to", "latest")
    assert cli("group", "delete", group) == {"deleted": [group]}
    assert cli("group", "list", group) == []
    assert "does not exist" in cli.refused("group", "describe", group)
