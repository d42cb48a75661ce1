"""`esker archive`: what is in the object store and whether it is whole, with the broker stopped and with it running."""

import json
import subprocess
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from harness.esker import EskerBroker
from harness.paths import binary

TOPIC, PARTITIONS, RECORDS = "kept", 3, 300


@pytest.fixture
def broker(broker_kind, tmp_path):
    """A stopped broker with a few objects, each written by one stop."""
    if broker_kind != "esker":
        pytest.skip("only Esker has an archive")
    broker = EskerBroker(tmp_path / "esker", {"node.shards": 4})
    for _ in range(2):
        broker.start()
        send(broker)
        broker.stop()
    yield broker
    broker.remove()


def send(broker: EskerBroker) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    if TOPIC not in admin.list_topics(timeout=30).topics:
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result(30)
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for number in range(RECORDS * PARTITIONS):
        producer.produce(TOPIC, b"%d" % number, partition=number % PARTITIONS)
    assert producer.flush(60) == 0


def archive(broker: EskerBroker, *args) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `esker archive`."""
    command = [binary("esker"), "archive", *args, "--config", broker.config]
    done = subprocess.run([str(part) for part in command], capture_output=True, timeout=120, text=True)
    return done.returncode, done.stdout, done.stderr


def objects(broker: EskerBroker) -> list[Path]:
    """Data objects that hold the topic, largest first."""
    listed = json.loads(archive(broker, "list", "--output", "json")[1])
    shards = {p["shard"] for p in listed["partitions"] if p["topic"] == TOPIC}
    held = [o for o in listed["objects"] if o["shard"] in shards]
    return [broker.data / "objects" / o["path"] for o in sorted(held, key=lambda o: -o["length"])]


def check_whole(broker: EskerBroker) -> None:
    code, out, _ = archive(broker, "verify", "--output", "json")
    report = json.loads(out)
    assert (code, report["errors"]) == (0, [])
    mine = [p for p in report["partitions"] if p["topic"] == TOPIC]
    assert [p["partition"] for p in mine] == list(range(PARTITIONS))
    for partition in mine:
        assert (partition["first_offset"], partition["next_offset"], partition["records"]) == (0, 2 * RECORDS, 2 * RECORDS)
    for total in ("records", "batches", "bytes"):
        assert report[total] == sum(p[total] for p in report["partitions"]) > 0
    code, out, _ = archive(broker, "verify")
    assert code == 0 and out.startswith("TOPIC") and TOPIC in out


@pytest.mark.parametrize("running", [False, True], ids=["stopped", "running"])
def test_damaged_and_missing_objects_are_told(broker, running):
    if running:
        broker.start()
    check_whole(broker)
    damaged, missing = objects(broker)[:2]
    bits = bytearray(damaged.read_bytes())
    bits[200] ^= 1
    damaged.write_bytes(bits)
    missing.unlink()

    code, out, complaint = archive(broker, "verify", "--output", "json")
    report = json.loads(out)
    assert code == 1 and "errors" in json.loads(complaint)["error"]
    told = {error["path"]: error["what"] for error in report["errors"]}
    root = broker.data / "objects"
    assert "CRC" in told[str(damaged.relative_to(root))]
    assert told[str(missing.relative_to(root))] == "missing"
    assert report["records"] < 2 * RECORDS * PARTITIONS, "what could not be read does not count"

    code, out, complaint = archive(broker, "verify")
    assert code == 1 and f"error: {missing.relative_to(root)} at byte 0: missing" in out and "errors" in complaint


@pytest.mark.parametrize("running", [False, True], ids=["stopped", "running"])
def test_objects_are_listed_and_inspected(broker, running):
    if running:
        broker.start()
    code, out, _ = archive(broker, "list")
    path = objects(broker)[0].relative_to(broker.data / "objects")
    assert code == 0 and str(path) in out
    code, out, _ = archive(broker, "list", "--partitions")
    assert code == 0 and sum(line.startswith(TOPIC) for line in out.splitlines()) == PARTITIONS

    for name in (path, path.name):
        code, out, _ = archive(broker, "inspect", name, "--output", "json")
        found = json.loads(out)
        assert code == 0 and found["path"] == str(path)
        mine = [p for p in found["partitions"] if p["topic"] == TOPIC]
        assert mine and all(sum(b["records"] for b in p["blocks"]) == p["next_offset"] - p["first_offset"] for p in mine)
    code, out, _ = archive(broker, "inspect", path)
    assert code == 0 and out.startswith(str(path)) and TOPIC in out

    unknown = "0" * 26
    code, _, complaint = archive(broker, "inspect", unknown)
    assert code == 1 and unknown in complaint
    code, _, complaint = archive(broker, "inspect", f"0/data/{unknown}")
    assert code == 1 and "missing" in complaint
    code, _, complaint = archive(broker, "inspect", "no-object")
    assert code == 2 and "archive list" in complaint


def test_a_wrong_place_and_a_silent_broker_are_told(broker, tmp_path):
    nowhere = tmp_path / "nowhere"
    done = subprocess.run([binary("esker"), "archive", "verify", "--data", nowhere], capture_output=True, timeout=60, text=True)
    assert done.returncode == 1 and str(nowhere) in done.stderr and not nowhere.exists()

    broker.start()
    elsewhere = broker.config.with_name("elsewhere.toml")
    elsewhere.write_text(broker.config.read_text().replace(str(broker.http_port), "1"))
    done = subprocess.run([binary("esker"), "archive", "list", "--config", elsewhere], capture_output=True, timeout=60, text=True)
    assert done.returncode == 1 and "127.0.0.1:1" in done.stderr
