"""Share groups (KIP-932) with real clients: every record is done with by one acknowledgement."""

import random
import threading

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from workers import ACCEPT, REJECT, RELEASE, RENEW, Workers, admin

from harness.wait import until
from trouble import Trouble

TOPIC = "work"


def create(bootstrap: str, partitions: int, replicas: int = 1) -> None:
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    client.create_topics([NewTopic(TOPIC, partitions, replicas)])[TOPIC].result(30)


def produce(bootstrap: str, partitions: int, each: int, start: int = 0) -> None:
    """So many records to each partition, in many batches."""
    failed = []
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 1, "batch.num.messages": 17, "log_level": 2,
                         "queue.buffering.max.messages": 2_000_000})
    for number in range(start, start + each):
        for partition in range(partitions):
            producer.produce(TOPIC, f"{partition}:{number}".encode(), partition=partition,
                             on_delivery=lambda error, _: failed.append(error) if error else None)
        producer.poll(0)
    assert producer.flush(120) == 0
    assert not failed


def test_each_record_is_accepted_once(share_broker, tmp_path):
    partitions, each = 3, 4000
    create(share_broker.bootstrap, partitions)
    admin(share_broker.bootstrap, "config", "g", "share.auto.offset.reset=earliest")
    workers = Workers(share_broker.bootstrap, TOPIC, "g", tmp_path)
    workers.launch(members=3)
    workers.launch("librdkafka", members=3)
    until("six are there", lambda: len(admin(share_broker.bootstrap, "describe", "g")) == 7, 60, interval=0.5)
    produce(share_broker.bootstrap, partitions, each)
    until("everything is accepted", lambda: len(workers.acknowledged(ACCEPT)) == partitions * each, 60, interval=0.5)
    workers.stop()
    workers.check_no_errors()
    assert set(workers.acknowledged(ACCEPT).values()) == {1}
    assert workers.values() == {(p, n): f"{p}:{n}" for p in range(partitions) for n in range(each)}
    assert all(counts == [1] for counts in workers.given().values())
    assert not workers.doubtful()
    # All of them had a share.
    assert len({event[2] for event in workers.events("g")}) > 1


@pytest.mark.parametrize("client", ["java", "librdkafka"])
def test_release_reject_and_renew(share_broker, tmp_path, client):
    each = 200
    create(share_broker.bootstrap, 1)
    admin(share_broker.bootstrap, "config", "g", "share.auto.offset.reset=earliest")
    produce(share_broker.bootstrap, 1, each)
    workers = Workers(share_broker.bootstrap, TOPIC, "g", tmp_path, policy="mixed")
    workers.launch(client, members=2)
    offsets = {(0, n) for n in range(each)}
    rejected = {place for place in offsets if place[1] % 10 == 7}
    released = {place for place in offsets if place[1] % 10 == 3}
    renewed = {place for place in offsets if place[1] % 10 == 9 and client == "java"}

    def done():
        return set(workers.acknowledged(ACCEPT)) == offsets - rejected and set(workers.acknowledged(REJECT)) == rejected

    until("everything is done with", done, 60, interval=0.5)
    workers.stop()
    workers.check_no_errors()
    assert set(workers.acknowledged(RELEASE)) == released
    assert set(workers.acknowledged(RENEW)) == renewed
    given = workers.given()
    assert all(given[place] == [1, 2] for place in released)
    assert all(given[place] == [1] for place in offsets - released - renewed)
    # The client gives out again what it has renewed, without asking.
    assert all(set(given[place]) == {1} for place in renewed)


def positions(bootstrap: str, group: str) -> dict[int, tuple[int, int]]:
    """Where the group begins in each partition, and how much is left."""
    lines = [line.split() for line in admin(bootstrap, "offsets", group)]
    return {int(partition): (int(start), int(lag)) for partition, start, lag in lines}


def lags(bootstrap: str, group: str) -> dict[int, int]:
    return {partition: lag for partition, (_, lag) in positions(bootstrap, group).items()}


def check_administration(bootstrap: str, directory, partitions: int, each: int) -> None:
    """What administrators see and do, of a topic with so many records in each partition."""
    admin(bootstrap, "config", "g", "share.auto.offset.reset=earliest", "share.record.lock.duration.ms=2000")
    assert {"share.auto.offset.reset=earliest", "share.record.lock.duration.ms=2000"} <= set(admin(bootstrap, "configs", "g"))
    workers = Workers(bootstrap, TOPIC, "g", directory)
    crew = workers.launch(members=2)
    done = dict.fromkeys(range(partitions), (each, 0))
    until("everything is done with", lambda: "g STABLE" in admin(bootstrap, "list") and positions(bootstrap, "g") == done, 60, interval=0.5)
    state, *members = admin(bootstrap, "describe", "g")
    assert state == "STABLE" and sum(int(line.split()[1]) for line in members) == partitions
    assert "GroupNotEmptyException" in admin(bootstrap, "reset", "g", TOPIC, "0=0", check=False)[0]
    assert "GroupNotEmptyException" in admin(bootstrap, "delete", "g", check=False)[0]
    crew.leave()
    until("nobody is in the group", lambda: admin(bootstrap, "describe", "g") == ["EMPTY"], 30, interval=0.5)
    # Everything from an offset on is given out once more.
    back = {p: each - 10 - p for p in range(partitions)}
    admin(bootstrap, "reset", "g", TOPIC, *[f"{p}={start}" for p, start in back.items()])
    assert positions(bootstrap, "g") == {p: (start, each - start) for p, start in back.items()}
    again = Workers(bootstrap, TOPIC, "g", directory / "again")
    (directory / "again").mkdir()
    crew = again.launch(members=1)
    until("it is accepted", lambda: lags(bootstrap, "g") == dict.fromkeys(range(partitions), 0), 60, interval=0.5)
    crew.leave()
    assert set(again.acknowledged(ACCEPT)) == {(p, offset) for p, start in back.items() for offset in range(start, each)}
    until("nobody is in the group", lambda: admin(bootstrap, "describe", "g") == ["EMPTY"], 30, interval=0.5)
    admin(bootstrap, "forget", "g", TOPIC)
    assert not {p: found for p, found in positions(bootstrap, "g").items() if found[0] >= 0}
    admin(bootstrap, "reset", "g", TOPIC, "0=5")
    assert positions(bootstrap, "g")[0] == (5, each - 5)
    admin(bootstrap, "delete", "g")
    assert not admin(bootstrap, "list")
    assert "GroupIdNotFoundException" in admin(bootstrap, "describe", "g", check=False)[0]


def test_administration(share_broker, tmp_path):
    create(share_broker.bootstrap, 3)
    produce(share_broker.bootstrap, 3, 100)
    check_administration(share_broker.bootstrap, tmp_path, 3, 100)


def test_administration_of_a_cluster(share_cluster, tmp_path):
    create(share_cluster.bootstrap, 8, 3)
    produce(share_cluster.bootstrap, 8, 100)
    check_administration(share_cluster.bootstrap, tmp_path, 8, 100)


def check_dead_letters(bootstrap: str, directory, replicas: int) -> None:
    """What is rejected, and what was given out too often, is found in the topic of the group's dead letters."""
    each, partitions = 60, 4
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    takes = {"errors.deadletterqueue.group.enable": "true"}
    client.create_topics([NewTopic("dlq.work", 3, replicas, config=takes)])["dlq.work"].result(30)
    create(bootstrap, partitions, replicas)
    produce(bootstrap, partitions, each)
    admin(bootstrap, "config", "g", "share.auto.offset.reset=earliest", "errors.deadletterqueue.topic.name=dlq.work",
          "errors.deadletterqueue.copy.record.enable=true", "share.delivery.count.limit=2", "share.record.lock.duration.ms=1000")
    refused = admin(bootstrap, "config", "g", "errors.deadletterqueue.topic.name=work", check=False)
    assert "InvalidConfigurationException" in refused[0]
    workers = Workers(bootstrap, TOPIC, "g", directory, policy="poison")
    workers.launch(members=2)
    places = {(p, n) for p in range(partitions) for n in range(each)}
    rejected = {place for place in places if place[1] % 10 == 7}
    exhausted = {place for place in places if place[1] % 10 == 3}
    until("the group is there", lambda: workers.acknowledged(ACCEPT), 60, interval=0.1)
    until("everything is done with", lambda: lags(bootstrap, "g") == dict.fromkeys(range(partitions), 0), 90, interval=0.5)
    workers.stop()
    workers.check_no_errors()
    assert set(workers.acknowledged(ACCEPT)) == places - rejected - exhausted
    letters = dead_letters(bootstrap, "dlq.work", 3, len(rejected | exhausted))
    assert set(letters) == rejected | exhausted
    for (partition, offset), (value, count, where) in letters.items():
        assert value == f"{partition}:{offset}"
        assert where == partition % 3
        assert count == (2 if (partition, offset) in exhausted else 1)


def dead_letters(bootstrap: str, topic: str, partitions: int, count: int) -> dict:
    """Value, delivery count and partition of each dead letter, by where it comes from."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "judge", "auto.offset.reset": "earliest", "log_level": 2})
    consumer.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
    letters = {}

    def all_of_them():
        for message in consumer.consume(100, 0.2):
            assert not message.error()
            headers = {key: value.decode() for key, value in message.headers()}
            assert headers["__dlq.errors.topic"] == TOPIC and headers["__dlq.errors.group"] == "g"
            place = int(headers["__dlq.errors.partition"]), int(headers["__dlq.errors.offset"])
            letters[place] = message.value().decode(), int(headers["__dlq.errors.delivery.count"]), message.partition()
        return len(letters) >= count
    until("all dead letters are there", all_of_them, 30, interval=0.01)
    consumer.close()
    return letters


def test_dead_letters(share_broker, tmp_path):
    check_dead_letters(share_broker.bootstrap, tmp_path, 1)


def test_dead_letters_of_a_cluster(share_cluster, tmp_path):
    check_dead_letters(share_cluster.bootstrap, tmp_path, 3)


class Load(threading.Thread):
    """Writes to every partition until it is told to stop."""

    def __init__(self, bootstrap: str, partitions: int, replicas: int = 1):
        super().__init__()
        self.bootstrap, self.partitions, self.stopping, self.failed = bootstrap, partitions, threading.Event(), []
        self.written: dict[tuple[int, int], str] = {}

    def run(self):
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5, "enable.idempotence": True, "log_level": 2})
        number = 0
        while not self.stopping.wait(0.02):
            for partition in range(self.partitions):
                for _ in range(5):
                    producer.produce(TOPIC, f"{partition}:{number}", partition=partition, on_delivery=self.delivered)
                    number += 1
            producer.poll(0)
        assert producer.flush(120) == 0

    def delivered(self, error, message):
        if error:
            self.failed.append(error)
        else:
            self.written[message.partition(), message.offset()] = message.value().decode()

    def end(self) -> dict[tuple[int, int], str]:
        self.stopping.set()
        self.join()
        assert not self.failed
        return self.written


def everything_is_done(workers: Workers, written: dict) -> bool:
    return set(workers.acknowledged(ACCEPT)) | workers.doubtful() >= set(written)


def test_workers_and_the_broker_die(share_broker, tmp_path, request):
    """kill -9 of the broker and of workers while they work: every record is accepted by one acknowledgement."""
    kills, partitions = request.config.getoption("--kills"), 4
    seed = request.config.getoption("--seed") or random.randrange(1 << 30)
    print(f"--seed={seed}")
    chance = random.Random(seed)
    create(share_broker.bootstrap, partitions)
    admin(share_broker.bootstrap, "config", "g", "share.auto.offset.reset=earliest")
    workers = Workers(share_broker.bootstrap, TOPIC, "g", tmp_path)
    clients = ["java", "librdkafka"]
    for client in clients:
        workers.launch(client)
    load = Load(share_broker.bootstrap, partitions)
    load.start()

    def goes_on(many: int):
        before = len(workers.acknowledged(ACCEPT))
        until("records are accepted", lambda: len(workers.acknowledged(ACCEPT)) >= before + many, 60, interval=0.1)

    for number in range(kills):
        goes_on(chance.randrange(100, 2000))
        if number % 3 == 2:
            chance.choice(workers.running()).die()
            workers.launch(chance.choice(clients))
        else:
            share_broker.kill()
            share_broker.start()
    goes_on(1000)
    written = load.end()
    until("everything is done with", lambda: everything_is_done(workers, written), 120, interval=0.5)
    until("the brokers say so too", lambda: lags(share_broker.bootstrap, "g") == dict.fromkeys(range(partitions), 0), 60, interval=1)
    workers.stop()
    workers.judge(lost=kills)
    values = workers.values()
    assert all(written[place] == value for place, value in values.items() if place in written)
    again = sum(len(counts) - 1 for counts in workers.given().values())
    print(f"{len(written)} records, {again} given again, {len(workers.doubtful())} doubtful")


def test_leaders_die(share_cluster, tmp_path, request):
    """Three brokers are killed, paused and moved away: the same holds."""
    kills, partitions = request.config.getoption("--kills"), 8
    trouble = Trouble(share_cluster, request.config.getoption("--seed"))
    create(share_cluster.bootstrap, partitions, 3)
    admin(share_cluster.bootstrap, "config", "g", "share.auto.offset.reset=earliest")
    workers = Workers(share_cluster.bootstrap, TOPIC, "g", tmp_path)
    share_cluster.at_end.append(workers.kill)
    for client in ["java", "librdkafka"]:
        workers.launch(client, members=3)
    load = Load(share_cluster.bootstrap, partitions)
    load.start()

    def goes_on():
        before = len(workers.acknowledged(ACCEPT))
        until("records are accepted", lambda: len(workers.acknowledged(ACCEPT)) >= before + 500, 120, interval=0.2)

    goes_on()
    for _ in range(kills):
        trouble.strike()
        goes_on()
    written = load.end()
    until("everything is done with", lambda: everything_is_done(workers, written), 120, interval=0.5)
    until("the brokers say so too", lambda: lags(share_cluster.bootstrap, "g") == dict.fromkeys(range(partitions), 0), 60, interval=1)
    workers.stop()
    workers.judge(lost=kills)
    again = sum(len(counts) - 1 for counts in workers.given().values())
    print(f"{trouble}; --seed={trouble.seed}; {len(written)} records, {again} given again, {len(workers.doubtful())} doubtful")
