"""Three brokers of each kind: throughput, CPU and memory of all brokers together, latency, and the gap after a kill."""

import shutil
import statistics
import time
from contextlib import ExitStack
from pathlib import Path

import measure
from harness.cluster import EskerCluster
from harness.kafka import KafkaCluster
from harness.probe import Probe
from harness.wait import until
from measure import MEGABYTE, RECORD
from variants import Variant

BROKERS, REPLICAS = 3, 3
FEW, MANY = 16, 1_000  # partitions
STEADY = 10_000  # records a second at which latency is compared
KILLS, PROBES = 3, 12


def cluster(variant: Variant, directory: Path, scale: float) -> dict[str, float]:
    """The load of one broker's comparison on three, with 16 and with 1,000 partitions."""
    records = int(variant.megabytes * scale * MEGABYTE / RECORD)
    brokers = _start(variant, directory)
    try:
        at = brokers.bootstrap
        for topic in ("warm", "few", "steady"):
            measure.create_topic(at, topic, FEW, REPLICAS)
        # Three virtual machines on few cores take long to compile what they run: half the load.
        warm = measure.producer_perf(at, "warm", records // 2, may_give_up=True)
        measure.consumer_perf(at, "warm", warm["sent"])
        rows = _load(brokers, "few", FEW, records)
        steady = measure.producer_perf(at, "steady", int(STEADY * 20 * max(scale, 0.25)), STEADY, may_give_up=True)
        # Only now: replicas cost a follower something even when nobody writes to them.
        measure.create_topic(at, "many", MANY, REPLICAS)
        brokers.await_whole(120)
        rows |= _load(brokers, "many", MANY, records) | {
            "3 brokers: reached at 10,000 records/s": steady["records_per_second"],
            "3 brokers: p50 at 10,000 records/s, ms": steady["p50_ms"],
            "3 brokers: p99 at 10,000 records/s, ms": steady["p99_ms"],
            "3 brokers: peak RSS, MB": sum(broker.process.peak_rss() for broker in brokers.brokers.values()) / MEGABYTE,
        }
        return rows | _gaps(brokers)
    finally:
        brokers.end()
        shutil.rmtree(directory, ignore_errors=True)


def _load(brokers, topic: str, partitions: int, records: int) -> dict[str, float]:
    """Full load to a topic and from it."""
    with metered(brokers) as producing:
        produced = measure.producer_perf(brokers.bootstrap, topic, records, may_give_up=True)
    sent = produced["sent"]
    with metered(brokers) as consuming:
        consumed = measure.consumer_perf(brokers.bootstrap, topic, sent)
    cpu = sum(meter.cpu for meter in (*producing.meters, *consuming.meters))
    return {
        f"3 brokers, {partitions:,} partitions: produce, MB/s": produced["mb_per_second"],
        f"3 brokers, {partitions:,} partitions: consume, MB/s": consumed,
        f"3 brokers, {partitions:,} partitions: broker CPU, both, s/GB": cpu / (sent * RECORD / 1e9),
        f"3 brokers, {partitions:,} partitions: given up by the producer": records - sent,
    }


def _start(variant: Variant, directory: Path):
    if variant.kind == "kafka":
        settings = {"min.insync.replicas": 2, **variant.settings}
        return KafkaCluster(directory, BROKERS, settings, heap="1g", tuned=False).start()
    return EskerCluster(directory, BROKERS, variant.settings, tuned=False).start()


class metered(ExitStack):
    """The CPU of every broker over a block."""

    def __init__(self, brokers):
        super().__init__()
        self.meters = [measure.Meter(broker.process) for broker in brokers.brokers.values()]

    def __enter__(self):
        super().__enter__()
        for meter in self.meters:
            self.enter_context(meter)
        return self


def _gaps(brokers) -> dict[str, float]:
    """Each broker is killed once; how long some partition takes no records."""
    measure.create_topic(brokers.bootstrap, "probe", PROBES, REPLICAS)
    probe = Probe(brokers.bootstrap, "probe", PROBES)
    until("the probe works", lambda: all(probe.acked), 60)
    gaps = []
    for number in list(brokers.brokers)[:KILLS]:
        at = time.monotonic()
        brokers.brokers[number].kill()
        # Acknowledged again after a second: a pause that began with the kill is over.
        gaps.append(max(until("the probe goes on", lambda at=at: probe.gaps(at, at + 1), 120)))
        brokers.launch(number)
        brokers.await_whole(120)
    probe.stop()
    return {"3 brokers: gap after kill -9, median, s": statistics.median(gaps), "3 brokers: gap after kill -9, longest, s": max(gaps)}
