"""Everything that uses a cluster while it is damaged, and what it says in the end."""

import time
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import AdminClient, NewTopic

from groups import Consumption, Group, check_group
from harness.cluster import EskerCluster
from harness.probe import Probe
from harness.wait import until
from test_kill import PARTITIONS, Load, check_acks, check_seen, create, read_all


# Objects, trims and forgotten ledgers all happen in a short run.
FLUSH_SOON = {"archive.flush_interval_ms": 8_000, "archive.trim_delay_ms": 3_000}
FLUSH_OFTEN = {"archive.flush_interval_ms": 2_000, "archive.trim_delay_ms": 1_000}
IN_FLIGHT = 0.1  # an acknowledgement that comes later than this after a broker's end is not that broker's


@dataclass
class Outcome:
    """Numbers of records of a run in which nothing was wrong."""

    acked: int
    stored: int
    followed: int
    groups: dict[str, Consumption]

    def __str__(self) -> str:
        groups = "; ".join(f"{name}: {group.consumed} consumed, {group.redelivered} redelivered, {group.notes} notes"
                           for name, group in self.groups.items())
        return (f"{self.acked} acked, {self.stored} stored ({self.stored - self.acked} of them not acked), 0 missing, 0 duplicated, "
                f"0 reordered, {self.followed} followed; {groups}")


class Workload:
    """Idempotent producers, a follower and two consumer groups on one topic, a probe on another; all at work."""

    def __init__(self, cluster: EskerCluster, directory: Path, rate: int = 1000, settings: str = "patient", probes: int = 12):
        self.bootstrap = cluster.bootstrap
        self.cluster = cluster
        cluster.at_end.append(self.abandon)
        create(self.bootstrap)
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2})
        self.admin.create_topics([NewTopic("probe", probes, 3)])["probe"].result(30)
        self.load = Load(self.bootstrap, directory, rate, settings)
        self.groups = [Group(client, self.bootstrap, directory) for client in ("java", "librdkafka")]
        self.probe = Probe(self.bootstrap, "probe", probes)
        self.load.await_progress()
        until("the probe works", lambda: all(self.probe.acked), 30)
        self.await_consumption()

    def abandon(self) -> None:
        """Ends what still runs, without a judgement."""
        for process in (*self.load.producers, self.load.follower, *(group.process for group in self.groups)):
            if process.alive():
                process.kill()
        self.probe.stopping.set()

    def await_progress(self) -> None:
        self.load.await_progress()

    def await_consumption(self) -> None:
        """Every group and the follower are given records again."""
        files = [self.load.seen, *(group.seen for group in self.groups)]

        def size(path: Path) -> int:
            return path.stat().st_size if path.exists() else 0
        before = [size(file) for file in files]
        until("every consumer is given records", lambda: all(size(f) > b for f, b in zip(files, before)), 120)

    def gap(self, since: float, but: int | None = None) -> float:
        """Seconds for which some partition took nothing, between `since` and now."""
        return max(self.gaps(since, but))

    def gaps(self, since: float, but: int | None = None) -> list[float]:
        """The same, per partition of the probe. Waits for the end of pauses that still last; meanwhile brokers that end are
        started again, except for one."""
        now = time.monotonic() + IN_FLIGHT

        def over() -> bool:
            self.cluster.revive(but)
            return self.probe.gaps(since, now) is not None
        until("every partition takes records again", over, 90)
        return self.probe.gaps(since, now)

    def leaders(self) -> list[int]:
        """Of the probe's partitions."""
        partitions = self.admin.list_topics("probe", 30).topics["probe"].partitions
        return [partitions[p].leader for p in sorted(partitions)]

    def finish(self, timeout: float = 300) -> Outcome:
        """Ends the load, and judges everything that anybody was told."""
        began = time.monotonic()
        self.load.await_progress()
        self.load.stop()
        self.probe.stop()
        records = read_all(self.bootstrap, timeout)
        offsets = {group.name: group.stop([len(partition) for partition in records], timeout) for group in self.groups}
        acked = check_acks(self.load.acks, records)
        followed = check_seen(self.load.seen, records)
        groups = {}
        for group in self.groups:
            with open(group.seen) as lines:
                groups[group.name] = check_group(lines, records, offsets[group.name])
        panics = self.cluster.panics()
        assert not panics, panics
        print(f"judged in {time.monotonic() - began:.1f} s")
        return Outcome(acked, sum(map(len, records)), followed, groups)
