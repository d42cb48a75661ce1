"""`esker txn`: transactions as operators see and end them."""

import uuid

import pytest
from confluent_kafka import Consumer, Producer

from harness.wait import until


@pytest.fixture
def name() -> str:
    return f"txn-{uuid.uuid4().hex[:8]}"


def begun(cli, name: str) -> Producer:
    """A producer with an open transaction of three records in partition 1."""
    cli("topic", "create", name, "--partitions", 2)
    producer = Producer({"bootstrap.servers": cli.bootstrap, "transactional.id": name, "transaction.timeout.ms": 60_000})
    producer.init_transactions(30)
    producer.begin_transaction()
    for number in range(3):
        producer.produce(name, b"%d" % number, partition=1)
    assert producer.flush(30) == 0
    return producer


def test_a_transaction_is_seen_from_its_beginning_to_its_end(cli, name):
    producer = begun(cli, name)
    listed = cli("txn", "list", "--pattern", f"{name}.*", "--state", "Ongoing")
    assert [(t["transactional_id"], t["state"]) for t in listed] == [(name, "Ongoing")]
    pid = listed[0]["producer_id"]
    assert cli("txn", "list", "--producer", pid) == listed
    assert cli("txn", "list", "--producer", pid, "--longer-than", 3600) == []
    assert cli("txn", "list", "--producer", pid, "--state", "Empty") == []
    assert name in cli.text("txn", "list")
    assert "no transaction state" in cli.refused("txn", "list", "--state", "Imagined")

    described = cli("txn", "describe", name)
    assert (described["state"], described["producer_id"], described["timeout_ms"]) == ("Ongoing", pid, 60_000)
    assert described["partitions"] == {name: [1]} and described["duration_ms"] >= 0
    assert "Ongoing" in cli.text("txn", "describe", name)
    assert "not known" in cli.refused("txn", "describe", f"{name}-other")

    open_here = cli("txn", "producers", name, "--partition", 1, "--open")
    assert [(p["producer_id"], p["transaction_start_offset"], p["last_sequence"]) for p in open_here] == [(pid, 0, 2)]
    assert str(pid) in cli.text("txn", "producers", name, "--partition", 1)
    assert cli("txn", "producers", name, "--partition", 0) == []
    # Its coordinator knows it, so it does not hang, however old it is.
    assert cli("txn", "find-hanging", "--topic", name, "--longest-timeout", 0) == []

    producer.commit_transaction(30)
    until("it is complete", lambda: cli("txn", "list", "--producer", pid, "--state", "CompleteCommit"), 30)
    until("it has ended", lambda: not cli("txn", "producers", name, "--partition", 1, "--open"), 30)


@pytest.mark.parametrize("by", ["offset", "producer"])
def test_an_operator_aborts_a_transaction_in_one_partition(cli, name, by):
    begun(cli, name)
    where = (name, "--partition", 1)
    found, = cli("txn", "producers", *where, "--open")
    assert "begins at offset 1" in cli.refused("txn", "abort", *where, "--start-offset", 1)
    assert cli.run("txn", "abort", *where).returncode == 2, "it must be said which"
    which = ["--start-offset", 0] if by == "offset" else [
        "--producer", found["producer_id"], "--epoch", found["producer_epoch"], "--coordinator-epoch", found["coordinator_epoch"]]
    done = cli("txn", "abort", *where, *which)
    assert done == {"topic": name, "partition": 1, "producer_id": found["producer_id"], "producer_epoch": found["producer_epoch"]}
    until("it has ended", lambda: not cli("txn", "producers", *where, "--open"), 30)

    # What follows can be read, and what was aborted cannot.
    plain = Producer({"bootstrap.servers": cli.bootstrap})
    plain.produce(name, b"after", partition=1)
    assert plain.flush(30) == 0
    reader = Consumer({"bootstrap.servers": cli.bootstrap, "group.id": name, "auto.offset.reset": "earliest",
                       "isolation.level": "read_committed"})
    reader.subscribe([name])
    message = reader.poll(30)
    assert message is not None and message.value() == b"after"
    reader.close()
