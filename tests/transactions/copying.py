"""Programs that copy a topic exactly once, and what is checked of the copy."""

import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from harness.paths import JAVA_CLIENTS, TESTS
from harness.process import Process
from harness.wait import until

PARTITIONS = 4
_JAVA = ["java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-XX:TieredStopAtLevel=1", "-Xmx128m", "-cp",
         f"{JAVA_CLIENTS}/clients-1.jar:{JAVA_CLIENTS}/libs/*", "esker.clients.TransactionalCopy"]
_PYTHON = [TESTS.parent / ".tools/venv/bin/python", TESTS / "clients/python/transactional_copy.py"]
COPIERS = {"java": _JAVA, "librdkafka": _PYTHON}
_TAKER = [TESTS.parent / ".tools/venv/bin/python", TESTS / "clients/python/at_most_once.py"]


def create(bootstrap: str, *topics: str, partitions: int = PARTITIONS, replicas: int = 3) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    for future in admin.create_topics([NewTopic(topic, partitions, replicas) for topic in topics]).values():
        future.result(60)


def read_committed(bootstrap: str, topic: str, partitions: int = PARTITIONS, isolation: str = "read_committed",
                   take: Callable = lambda message: message.value().decode()) -> dict[int, list]:
    """The values of each partition, up to what can be read now; something else of each record with `take`."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False, "log_level": 2,
                         "auto.offset.reset": "error", "isolation.level": isolation, "enable.partition.eof": True, "check.crcs": True})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
    values, at_end, deadline = defaultdict(list), set(), time.monotonic() + 120
    while len(at_end) < partitions:
        assert time.monotonic() < deadline, f"partitions {set(range(partitions)) - at_end} have no end"
        for message in consumer.consume(1000, 0.2):
            if not message.error():
                values[message.partition()].append(take(message))
            elif message.error().code() == -191:  # the end of a partition
                at_end.add(message.partition())
            else:
                assert message.error().retriable() or message.error().code() < 0, message.error()
    consumer.close()
    return dict(values)


class Source:
    """Numbers that are written to a topic, evenly over its partitions."""

    def __init__(self, bootstrap: str, topic: str):
        self.topic, self.numbers, self.failed = topic, itertools.count(), []
        self.sent = 0
        self.producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, "log_level": 2,
                                  "message.timeout.ms": 300_000})

    def send(self, count: int) -> None:
        for number in itertools.islice(self.numbers, count):
            self.producer.produce(self.topic, str(number).encode(), partition=number % PARTITIONS, on_delivery=self._delivered)
            self.producer.poll(0)
        self.sent += count

    def finish(self) -> None:
        assert self.producer.flush(300) == 0 and not self.failed, self.failed[:3]

    def _delivered(self, error, _) -> None:
        if error:
            self.failed.append(error)


class Copying:
    """Copiers of both kinds, each from the same topic to one of its own, and beside them those who take records at most once."""

    def __init__(self, bootstrap: str, directory: Path):
        self.bootstrap, self.directory, self.killed = bootstrap, directory, 0
        create(bootstrap, "from", *(f"to-{kind}" for kind in COPIERS))
        self.source = Source(bootstrap, "from")
        self.processes = {(kind, number): self._start(kind, number) for kind in [*COPIERS, "taker"] for number in range(2)}

    def _start(self, kind: str, number: int) -> Process:
        name = f"{kind}-{number}"
        if kind == "taker":
            return Process([*_TAKER, self.bootstrap, "from", "take", self._taken(number)], self.directory / f"{name}.log")
        command = [*COPIERS[kind], self.bootstrap, "from", f"to-{kind}", f"copy-{kind}", name, self.directory / f"{name}.notes"]
        return Process(command, self.directory / f"{name}.log")

    def _taken(self, number: int) -> Path:
        return self.directory / f"taker-{number}.taken"

    def taken(self) -> list[str]:
        return [line for number in range(2) for line in self._taken(number).read_text().splitlines(keepends=True) if line.endswith("\n")]

    def check_taken(self) -> None:
        """Nothing was taken twice; what was being worked on at a fault may be missing."""
        values = [int(value) for value in self.taken()]
        twice = sorted(value for value, count in Counter(values).items() if count > 1)
        assert not twice, f"taken twice: {twice[:10]}"
        assert values and set(values) <= set(range(self.source.sent))

    def kill_one(self, chance) -> None:
        """A copier dies in the middle of whatever it does, and comes back."""
        key = chance.choice(list(self.processes))
        self.processes[key].kill()
        self.processes[key] = self._start(*key)
        self.killed += 1

    def copied(self) -> bool:
        return all(sum(map(len, read_committed(self.bootstrap, f"to-{kind}").values())) >= self.source.sent for kind in COPIERS)

    def await_copied(self, timeout: float) -> None:
        self.source.finish()
        until("everything is copied", self.copied, timeout, interval=1)

    def check(self) -> None:
        """Each copy is the source, record by record."""
        expected = {p: [str(n) for n in range(self.source.sent) if n % PARTITIONS == p] for p in range(PARTITIONS)}
        for kind in COPIERS:
            got = read_committed(self.bootstrap, f"to-{kind}")
            for partition, wanted in expected.items():
                assert got.get(partition, []) == wanted, f"{kind}, partition {partition}: {differences(wanted, got.get(partition, []))}"

    def notes(self) -> dict[str, int]:
        """How often each copier had to start over."""
        return {path.stem: len(path.read_text().splitlines()) for path in sorted(self.directory.glob("*.notes"))}

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()


def differences(wanted: list[str], got: list[str]) -> str:
    missing = sorted(set(map(int, wanted)) - set(map(int, got)))
    twice = sorted(n for n in map(int, set(got)) if got.count(str(n)) > 1)
    return f"{len(wanted)} wanted, {len(got)} read; missing {missing[:10]}, twice {twice[:10]}, in order: {got == sorted(got, key=int)}"
