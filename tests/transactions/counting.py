"""Lines of words that Kafka Streams counts, and what is checked of its counts."""

import itertools
import random
import shutil
from collections import Counter, defaultdict
from pathlib import Path

from confluent_kafka import Producer

from copying import PARTITIONS, create, read_committed
from harness.paths import JAVA_CLIENTS
from harness.process import Process
from harness.wait import until

APPLICATION, LINES, COUNTS = "word-count", "lines", "word-counts"
WORDS = [f"word{number}" for number in range(40)]
_JAVA = ["java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-XX:TieredStopAtLevel=1", "-Xmx192m", "-cp",
         f"{JAVA_CLIENTS}/clients-1.jar:{JAVA_CLIENTS}/libs/*", "esker.clients.WordCount"]


class Counting:
    """Two processes of one Streams application with two threads each, and its input, whose counts are known."""

    def __init__(self, bootstrap: str, directory: Path, seed: int):
        self.bootstrap, self.directory, self.chance = bootstrap, directory, random.Random(seed)
        self.words, self.lines, self.failed = Counter(), itertools.count(), []
        self.killed = 0
        create(bootstrap, LINES, COUNTS)
        self.producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, "log_level": 2,
                                  "message.timeout.ms": 300_000})
        self.processes = [self._start(number) for number in range(2)]

    def _start(self, number: int) -> Process:
        command = [*_JAVA, self.bootstrap, LINES, COUNTS, APPLICATION, f"streams-{number}", self._state(number),
                   self.directory / f"streams-{number}.notes"]
        return Process(command, self.directory / f"streams-{number}.log")

    def _state(self, number: int) -> Path:
        return self.directory / f"state-{number}"

    def send(self, lines: int) -> None:
        """Lines of five words, some of which are more frequent than others."""
        for number in itertools.islice(self.lines, lines):
            words = [WORDS[int(len(WORDS) * self.chance.random() ** 2)] for _ in range(5)]
            self.words.update(words)
            self.producer.produce(LINES, " ".join(words).encode(), partition=number % PARTITIONS, on_delivery=self._delivered)
            self.producer.poll(0)

    def _delivered(self, error, _) -> None:
        if error:
            self.failed.append(error)

    def kill_one(self, chance: random.Random) -> None:
        """One process dies in the middle of whatever it does, and comes back to the state that it left."""
        number = chance.randrange(len(self.processes))
        self.processes[number].kill()
        self.processes[number] = self._start(number)
        self.killed += 1

    def lose_state(self) -> None:
        """All die, and what they had on disk is gone: counts come back from the changelog topic."""
        for process in self.processes:
            process.kill()
        for number in range(len(self.processes)):
            shutil.rmtree(self._state(number), ignore_errors=True)
            self.processes[number] = self._start(number)
        self.killed += len(self.processes)

    def counts(self) -> dict[int, list[tuple[str, int]]]:
        """What was committed, per partition, in order."""
        return read_committed(self.bootstrap, COUNTS, take=lambda message: (message.key().decode(), int(message.value())))

    def await_counted(self, timeout: float) -> None:
        assert self.producer.flush(300) == 0 and not self.failed, self.failed[:3]
        until("every word is counted", lambda: sum(map(len, self.counts().values())) >= self.words.total(), timeout, interval=1)

    def check(self) -> None:
        """Each word's counts are 1, 2, 3 ... up to how often it was sent."""
        found, where = defaultdict(list), defaultdict(set)
        for partition, counts in self.counts().items():
            for word, count in counts:
                found[word].append(count)
                where[word].add(partition)
        assert {word: counts[-1] for word, counts in found.items()} == dict(self.words)
        for word, counts in found.items():
            assert len(where[word]) == 1, f"{word} is counted in partitions {where[word]}"
            wrong = next((at for at, count in enumerate(counts) if count != at + 1), None)
            assert wrong is None, f"{word}: {counts[max(wrong - 3, 0):wrong + 3]} where {wrong + 1} was to come"
            assert len(counts) == self.words[word]

    def notes(self) -> dict[str, list[str]]:
        """Why threads had to be replaced."""
        return {path.stem: path.read_text().splitlines() for path in sorted(self.directory.glob("*.notes"))}

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
