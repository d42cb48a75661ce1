"""Workers of a share group over several processes, and the judgement on what they were given and what they said."""

import signal
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from checks import CLIENTS
from harness.paths import TESTS
from harness.process import Process

ACCEPT, RELEASE, REJECT, RENEW = "ACCEPT", "RELEASE", "REJECT", "RENEW"


@dataclass
class Crew:
    """One process with some members."""

    process: Process
    seen: Path
    died: bool = False

    def leave(self, timeout: float = 60) -> None:
        self.process.stop(timeout)

    def die(self) -> None:
        self.process.popen.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self.died = True

    def events(self) -> list[list[str]]:
        """What its members noted; a last line that is not whole is what a dying process leaves."""
        text = self.seen.read_text() if self.seen.exists() else ""
        return [line.split(" ") for line in text[: text.rfind("\n") + 1].splitlines()]


@dataclass
class Workers:
    """Crews of one group."""

    bootstrap: str
    topic: str
    group: str
    directory: Path
    policy: str = "accept"
    crews: list[Crew] = field(default_factory=list)

    def launch(self, client: str = "java", members: int = 2, *settings: str) -> Crew:
        name = f"{client}{len(self.crews)}"
        seen = self.directory / f"{self.group}-{name}.seen"
        program = {"java": [*CLIENTS["java"][:-1], "esker.clients.ShareWorkers"],
                   "librdkafka": [sys.executable, TESTS / "clients/python/share_workers.py"]}[client]
        argv = [*program, self.bootstrap, self.topic, self.group, members, seen, self.policy, *settings]
        crew = Crew(Process(argv, self.directory / f"{self.group}-{name}.log"), seen)
        self.crews.append(crew)
        return crew

    def running(self) -> list[Crew]:
        return [crew for crew in self.crews if crew.process.alive()]

    def stop(self) -> None:
        for crew in self.running():
            crew.process.popen.send_signal(signal.SIGTERM)
        for crew in self.crews:
            crew.process.wait(60)

    def kill(self) -> None:
        for crew in self.running():
            crew.die()

    def events(self, *kinds: str) -> list[list[str]]:
        """In the order of their time."""
        found = [event for crew in self.crews for event in crew.events() if event[0] in kinds]
        return sorted(found, key=lambda event: int(event[1]))

    def given(self) -> dict[tuple[int, int], list[int]]:
        """How often each record was given, as the broker counted: the counts, by partition and offset."""
        given = defaultdict(list)
        for _, _, _, partition, offset, count, _ in self.events("g"):
            given[int(partition), int(offset)].append(int(count))
        return given

    def values(self) -> dict[tuple[int, int], str]:
        return {(int(p), int(o)): value for _, _, _, p, o, _, value in self.events("g")}

    def acknowledged(self, kind: str) -> dict[tuple[int, int], int]:
        """How often this was said of each record, and acknowledged."""
        said = defaultdict(int)
        for event in self.events("k"):
            if event[5] == kind:
                said[int(event[3]), int(event[4])] += 1
        return said

    def doubtful(self) -> set[tuple[int, int]]:
        """Records of which something was said and nobody knows what came of it: the answer did not come, or its hearer is dead."""
        refused = {(int(event[3]), int(event[4])) for event in self.events("x")}
        dead = [crew for crew in self.crews if crew.died]
        held = {(int(event[3]), int(event[4])) for crew in dead for event in crew.events() if event[0] == "g"}
        return refused | held

    def judge(self, lost: int) -> None:
        """Every record is done with by one acknowledgement, and never given out after it. Counts are right: nothing is said to have been
        given out more often than it was, but for answers of which at most so many were lost on their way."""
        self.check_no_errors()
        accepted = self.acknowledged(ACCEPT)
        twice = {place: times for place, times in accepted.items() if times > 1}
        assert not twice, f"accepted more than once: {twice}"
        last, done = {}, {}
        for kind, when, _, partition, offset, what, *_ in self.events("g", "k"):
            place = int(partition), int(offset)
            if kind == "k" and what in (ACCEPT, REJECT):
                done[place] = (when, last.get(place, 0))
            elif kind == "g":
                count = int(what)
                after = done.get(place)
                assert after is None or count <= after[1], f"{place} was given out after {after}, for the {count}th time at {when}"
                last[place] = max(last.get(place, 0), count)
        for place, counts in self.given().items():
            for at, count in enumerate(counts):
                assert 1 <= count <= at + 1 + lost, f"{place}: {counts}"

    def check_no_errors(self) -> None:
        assert not self.events("e"), self.events("e")[:3]


def admin(bootstrap: str, *args, check: bool = True) -> list[str]:
    """Runs ShareAdmin; its lines."""
    argv = [*CLIENTS["java"][:-1], "esker.clients.ShareAdmin", bootstrap, *args]
    done = subprocess.run([str(arg) for arg in argv], capture_output=True, text=True, timeout=120)
    if check:
        assert done.returncode == 0, f"{args}: {done.stderr}"
    return done.stdout.splitlines() if done.returncode == 0 else [done.stderr]
