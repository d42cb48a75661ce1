"""Many members of one group over several processes, and the judgement on who had which partition when."""

import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from checks import CLIENTS
from harness.paths import TESTS
from harness.process import Process


# Of the broker, for groups of the consumer protocol: seconds.
SESSION = 6.0
HEARTBEAT = 0.5


@dataclass
class Crew:
    """One process with some members. They all leave, or they all die."""

    name: str
    process: Process
    seen: Path
    died: int | None = None  # wall clock, milliseconds

    def leave(self, timeout: float = 60) -> None:
        self.process.stop(timeout)

    def die(self) -> None:
        self.process.popen.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self.died = int(time.time() * 1000)

    def events(self) -> list[list[str]]:
        """What its members noted; a last line that is not whole is what a dying process leaves."""
        text = self.seen.read_text() if self.seen.exists() else ""
        return [line.split(" ") for line in text[: text.rfind("\n") + 1].splitlines()]


@dataclass
class Fleet:
    """Crews of one group."""

    bootstrap: str
    topic: str
    group: str
    directory: Path
    members: int
    crews: list[Crew] = field(default_factory=list)

    def launch(self, client: str, protocol: str) -> Crew:
        name = f"{client}{len(self.crews)}"
        seen = self.directory / f"{name}.seen"
        program = {"java": [*CLIENTS["java"][:-1], "esker.clients.Fleet"],
                   "librdkafka": [sys.executable, TESTS / "clients/python/fleet.py"]}[client]
        argv = [*program, self.bootstrap, self.topic, self.group, protocol, self.members, name, seen]
        crew = Crew(name, Process(argv, self.directory / f"{name}.log"), seen)
        self.crews.append(crew)
        return crew

    def running(self) -> list[Crew]:
        return [crew for crew in self.crews if crew.process.alive()]

    def owners(self) -> dict[int, str]:
        """Who has each partition now, by what living members noted."""
        owners: dict[int, str] = {}
        events = [event for crew in self.running() for event in crew.events() if event[1] in "ax"]
        for _, kind, member, partition in sorted(events, key=lambda event: int(event[0])):
            if kind == "a":
                owners[int(partition)] = member
            elif owners.get(int(partition)) == member:
                del owners[int(partition)]
        return owners

    def stop(self) -> None:
        for crew in self.running():
            crew.process.popen.send_signal(signal.SIGTERM)
        for crew in self.crews:
            crew.process.wait(60)

    def kill(self) -> None:
        """Ends what still runs, without a judgement."""
        for crew in self.running():
            crew.process.kill()

    def errors(self) -> list[str]:
        return [" ".join(event) for crew in self.crews for event in crew.events() if event[1] == "e"]

    def holdings(self) -> dict[int, list[tuple[int, int, str]]]:
        """For each partition who had it from when to when, milliseconds of the wall clock, in the order of their begin. A dead
        process has nothing."""
        now = int(time.time() * 1000)
        held: dict[int, list[tuple[int, int, str]]] = {}
        for crew in self.crews:
            since: dict[tuple[str, int], int] = {}
            for event in crew.events():
                at, kind, member = int(event[0]), event[1], event[2]
                if kind == "a":
                    since[member, int(event[3])] = at
                elif kind == "x" and (member, int(event[3])) in since:
                    held.setdefault(int(event[3]), []).append((since.pop((member, int(event[3]))), at, member))
            for (member, partition), start in since.items():
                held.setdefault(partition, []).append((start, crew.died or now, member))
        return {partition: sorted(spans) for partition, spans in held.items()}

    def records(self) -> dict[int, list[int]]:
        """The offsets that were read of each partition, with repetitions."""
        read: dict[int, list[int]] = {}
        for crew in self.crews:
            for event in crew.events():
                if event[1] == "r":
                    read.setdefault(int(event[3]), []).append(int(event[4]))
        return read


def overlaps(holdings: dict[int, list[tuple[int, int, str]]]) -> list[str]:
    """Partitions that two members had at the same time."""
    found = []
    for partition, spans in holdings.items():
        for (_, end, one), (start, _, other) in zip(spans, spans[1:]):
            if start < end and one != other:
                found.append(f"partition {partition}: {other} has it {end - start} ms before {one} lets go")
    return found


def longest_gap(holdings: dict[int, list[tuple[int, int, str]]]) -> tuple[int, str]:
    """The longest time that a partition had no owner, after it had one: milliseconds, and which."""
    worst = (0, "none")
    for partition, spans in holdings.items():
        end = spans[0][1]
        for start, until, member in spans[1:]:
            worst = max(worst, (start - end, f"partition {partition} before {member} at {start}"))
            end = max(end, until)
    return worst
