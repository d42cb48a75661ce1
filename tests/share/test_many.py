"""Many messages through a share group (--messages) while workers and leaders die: each one is accepted by one acknowledgement, or is a
dead letter that says where it was and how often it was given out."""

import itertools
import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from workers import ACCEPT, REJECT, Workers, admin

from harness.wait import until
from trouble import Trouble

TOPIC, LETTERS, GROUP = "work", "dlq.work", "g"
PARTITIONS, LIMIT = 12, 5
# Written in a second, and the most that is written and not done with.
RATE, AHEAD = 2_500, 20_000
# Of what `poison` does: offsets that end in 3 are always put back, those that end in 7 are rejected.
EXHAUSTED, REJECTED = 3, 7


class Load(threading.Thread):
    """Writes so many messages, not too far ahead of those who work on them."""

    def __init__(self, bootstrap: str, messages: int, done):
        super().__init__(daemon=True)
        self.bootstrap, self.messages, self.done = bootstrap, messages, done
        self.written: dict[tuple[int, int], str] = {}
        self.failed, self.failure = [], None
        self.start()

    def run(self):
        try:
            producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5, "enable.idempotence": True, "log_level": 2})
            began = time.monotonic()
            for number in range(self.messages):
                while number - self.done() > AHEAD or number > (time.monotonic() - began) * RATE:
                    producer.poll(0.05)
                while True:
                    try:
                        producer.produce(TOPIC, str(number), partition=number // 20 % PARTITIONS, on_delivery=self.delivered)
                        break
                    except BufferError:
                        producer.poll(0.05)
                producer.poll(0)
            assert producer.flush(120) == 0
        except BaseException as failure:  # noqa: BLE001  told by whoever waits
            self.failure = failure

    def delivered(self, error, message):
        if error:
            self.failed.append(error)
        else:
            self.written[message.partition(), message.offset()] = message.value().decode()

    def is_over(self) -> bool:
        assert self.failure is None and not self.failed, self.failure or self.failed[:3]
        return not self.is_alive()


class Tally:
    """How many messages are done with for all that workers know, without reading what they have noted again and again."""

    def __init__(self, workers: Workers):
        self.workers, self.places, self.done = workers, {}, set()

    def read(self) -> int:
        for crew in self.workers.crews:
            if not crew.seen.exists():
                continue
            with crew.seen.open("rb") as seen:
                seen.seek(self.places.get(crew.seen, 0))
                text = seen.read()
            whole = text[: text.rfind(b"\n") + 1]
            self.places[crew.seen] = self.places.get(crew.seen, 0) + len(whole)
            for line in whole.splitlines():
                if line.startswith(b"k ") and line.endswith((b"ACCEPT", b"REJECT")):
                    _, _, _, partition, offset, _ = line.split(b" ")
                    self.done.add((int(partition), int(offset)))
        return len(self.done)


def dead_letters(bootstrap: str) -> dict[tuple[int, int], tuple[str, int]]:
    """All of them: value and delivery count by where each was."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "judge", "auto.offset.reset": "earliest", "log_level": 2})
    topic = consumer.list_topics(LETTERS, 30).topics[LETTERS]
    ends = {number: consumer.get_watermark_offsets(TopicPartition(LETTERS, number), 30)[1] for number in topic.partitions}
    consumer.assign([TopicPartition(LETTERS, number, 0) for number in ends])
    letters, left = {}, {number for number, end in ends.items() if end}

    def all_of_them() -> bool:
        for message in consumer.consume(1000, 0.5):
            assert not message.error(), message.error()
            headers = {key: value.decode() for key, value in message.headers()}
            assert headers["__dlq.errors.topic"] == TOPIC and headers["__dlq.errors.group"] == GROUP
            place = int(headers["__dlq.errors.partition"]), int(headers["__dlq.errors.offset"])
            letters[place] = message.value().decode(), int(headers["__dlq.errors.delivery.count"])
            if message.offset() + 1 >= ends[message.partition()]:
                left.discard(message.partition())
        return not left
    until("all dead letters are read", all_of_them, 300, interval=0)
    consumer.close()
    return letters


def lag(bootstrap: str) -> int:
    return sum(int(line.split()[2]) for line in admin(bootstrap, "offsets", GROUP))


def test_many_messages_while_workers_and_leaders_die(share_cluster, tmp_path, request):
    messages = request.config.getoption("--messages")
    bootstrap, trouble = share_cluster.bootstrap, Trouble(share_cluster, request.config.getoption("--seed"))
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    takes = {"errors.deadletterqueue.group.enable": "true"}
    for created in client.create_topics([NewTopic(TOPIC, PARTITIONS, 3), NewTopic(LETTERS, 3, 3, config=takes)]).values():
        created.result(30)
    admin(bootstrap, "config", GROUP, "share.auto.offset.reset=earliest", f"errors.deadletterqueue.topic.name={LETTERS}",
          "errors.deadletterqueue.copy.record.enable=true", f"share.delivery.count.limit={LIMIT}")
    workers = Workers(bootstrap, TOPIC, GROUP, tmp_path, policy="poison")
    share_cluster.at_end.append(workers.kill)
    clients = itertools.cycle(["java", "librdkafka"])
    for _ in range(3):
        workers.launch(next(clients), members=3)
    tally, began, killed = Tally(workers), time.monotonic(), 0
    # What is put back again and again is a tenth of it, and done with by nobody.
    load = Load(bootstrap, messages, lambda: len(tally.done) * 10 // 9)

    def goes_on() -> None:
        before = tally.read()
        until("messages are done with", lambda: load.is_over() or tally.read() >= before + 500, 120, interval=0.2)

    goes_on()
    while not load.is_over():
        trouble.strike()
        if trouble.chance.random() < 0.3:
            trouble.chance.choice(workers.running()).die()
            workers.launch(next(clients), members=3)
            killed += 1
        goes_on()
    written = load.written
    assert len(written) == messages
    until("the group has nothing left", lambda: lag(bootstrap) == 0, 300, interval=2)
    workers.stop()
    workers.judge(lost=sum(trouble.count.values()) + killed)
    letters = dead_letters(bootstrap)
    accepted, doubtful = workers.acknowledged(ACCEPT), workers.doubtful()
    assert set(accepted) <= set(written) and set(letters) <= set(written)
    assert set(workers.acknowledged(REJECT)) <= set(letters), "what was rejected is in the dead letters"
    assert not set(accepted) & set(letters), "what was accepted is no dead letter"
    assert set(written) - set(letters) - set(accepted) <= doubtful, "everything was accepted or given up"
    worn = 0
    for place, (value, count) in letters.items():
        assert value == written[place]
        match place[1] % 10:
            case d if d == REJECTED:
                assert 1 <= count <= LIMIT
            case d:
                assert count == LIMIT, f"{place} was given up after {count}"
                worn += d != EXHAUSTED
    # By policy alone every one of these is given up.
    poison = {place for place in written if place[1] % 10 in (EXHAUSTED, REJECTED)}
    assert poison <= set(letters)
    again = sum(len(counts) - 1 for counts in workers.given().values())
    print(f"{trouble}; {killed} workers' processes killed; --seed={trouble.seed}; {messages} messages in {time.monotonic() - began:.0f} s: "
          f"{len(accepted)} accepted, {len(letters)} dead letters ({worn} of them only because of faults), "
          f"{len(set(written) - set(letters) - set(accepted))} in doubt, {again} given again")
