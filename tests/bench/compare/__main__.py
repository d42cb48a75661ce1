"""Esker and Kafka side by side, in one run, on this machine.

    make bench            one broker of each, into docs/benchmarks.md
    make bench-once       transactions and share groups, one broker of each, into docs/benchmarks-once.md
    make bench-cluster    three brokers of each, into docs/benchmarks-cluster.md
    make bench ARGS='--rounds 1 --scale 0.1 --out /tmp/try.md'

Rounds alternate the order of the brokers, because a machine is noisy and its noise has a direction; medians are reported.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

import measure
from cluster import cluster
from harness.s3 import S3Endpoint
from measure import MEGABYTE, RECORD
from report import hardware, write
from variants import PAIRS, VARIANTS, Variant

PARTITIONS, MANY = 16, 10_000
REPLAY_CONCURRENCY = 8
STEADY = 20_000  # records a second at which latency is compared
COMMIT_EVERY_MS = 10


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--scale", type=float, default=1.0, help="multiplies the megabytes of a throughput run")
    arguments.add_argument("--only", nargs="*", default=[p for p in PARTS if p not in ("cluster", "transactions", "share")], choices=list(PARTS))
    arguments.add_argument("--variant", help="only those whose name contains this")
    arguments.add_argument("--kind", choices=["esker", "kafka"], help="only one of the two")
    arguments.add_argument("--work", type=Path, default=None, help="where brokers keep their data")
    arguments.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    options = arguments.parse_args()
    work = Path(tempfile.mkdtemp(prefix="esker-bench-", dir=options.work))
    chosen = [v for v in VARIANTS.values() if options.kind in (None, v.kind) and (options.variant or "") in v.name]
    results: dict[str, dict[str, list[float]]] = {v.name: {} for v in chosen}
    try:
        for number in range(options.rounds):
            for variant in chosen if number % 2 == 0 else reversed(chosen):
                for part in options.only:
                    for name, value in measured(part, variant, work / "broker", options.scale).items():
                        results[variant.name].setdefault(name, []).append(value)
                        print(f"{number + 1}/{options.rounds} {variant.name}: {name} = {value:.4g}", flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    medians = {v: {k: statistics.median(values) for k, values in r.items()} for v, r in results.items()}
    options.out.with_suffix(".json").write_text(json.dumps(results, indent=1))
    write(options.out, medians, PAIRS, machine(), options)


def measured(part: str, variant: Variant, directory: Path, scale: float) -> dict[str, float]:
    """One part on one variant. A Kafka that does not get through it leaves its column empty; Esker has to."""
    try:
        return PARTS[part](variant, directory, scale)
    except (AssertionError, TimeoutError, subprocess.SubprocessError) as error:
        if variant.kind == "esker":
            raise
        print(f"{variant.name}: {part} did not come to its end: {error}", flush=True)
        return {}


def load(variant: Variant, directory: Path, scale: float) -> dict[str, float]:
    """Throughput, CPU and memory under full load, then latency at a steady rate, on one broker."""
    records = int(variant.megabytes * scale * MEGABYTE / RECORD)
    broker = variant.broker(directory).start()
    try:
        measure.create_topic(broker.bootstrap, "warm", PARTITIONS)
        measure.create_topic(broker.bootstrap, "perf", PARTITIONS)
        measure.create_topic(broker.bootstrap, "steady", PARTITIONS)
        measure.producer_perf(broker.bootstrap, "warm", records // 5)
        measure.consumer_perf(broker.bootstrap, "warm", records // 5)
        with measure.Meter(broker.process) as producing:
            produced = measure.producer_perf(broker.bootstrap, "perf", records)
        with measure.Meter(broker.process) as consuming:
            consumed = measure.consumer_perf(broker.bootstrap, "perf", records)
        steady = measure.producer_perf(broker.bootstrap, "steady", int(STEADY * 20 * max(scale, 0.25)), STEADY)
        gigabytes = records * RECORD / 1e9
        return {
            "produce, MB/s": produced["mb_per_second"],
            "consume, MB/s": consumed,
            "broker CPU to produce, s/GB": producing.cpu / gigabytes,
            "broker CPU to consume, s/GB": consuming.cpu / gigabytes,
            "broker CPU, both, s/GB": (producing.cpu + consuming.cpu) / gigabytes,
            "reached at 20,000 records/s": steady["records_per_second"],
            "p50 at 20,000 records/s, ms": steady["p50_ms"],
            "p99 at 20,000 records/s, ms": steady["p99_ms"],
            "peak RSS, MB": broker.process.peak_rss() / MEGABYTE,
        }
    finally:
        broker.remove()


def start_empty(variant: Variant, directory: Path, _scale: float) -> dict[str, float]:
    """From nothing to the first acknowledged record."""
    broker = variant.broker(directory)
    try:
        return {"start to first ack, empty, s": measure.start_to_first_ack(broker, "first")}
    finally:
        broker.remove()


def transactions(variant: Variant, directory: Path, scale: float) -> dict[str, float]:
    """Full load in transactions, of which a hundred are committed a second."""
    records = int(variant.megabytes * scale * MEGABYTE / RECORD / 2)
    broker = variant.broker(directory).start()
    try:
        for topic in ("warm", "perf"):
            measure.create_topic(broker.bootstrap, topic, PARTITIONS)
        measure.producer_perf(broker.bootstrap, "warm", records // 3, commit_every_ms=COMMIT_EVERY_MS)
        with measure.Meter(broker.process) as producing:
            produced = measure.producer_perf(broker.bootstrap, "perf", records, commit_every_ms=COMMIT_EVERY_MS)
        return {
            "produce in transactions of 10 ms, MB/s": produced["mb_per_second"],
            "p99 in transactions of 10 ms, ms": produced["p99_ms"],
            "broker CPU in transactions, s/GB": producing.cpu / (records * RECORD / 1e9),
        }
    finally:
        broker.remove()


def share(variant: Variant, directory: Path, scale: float) -> dict[str, float]:
    """A backlog is worked off by the share consumers of one group, every record accepted."""
    records = int(variant.megabytes * scale * MEGABYTE / RECORD)
    broker = variant.broker(directory).start()
    try:
        for topic in ("warm", "work"):
            measure.create_topic(broker.bootstrap, topic, PARTITIONS)
            measure.producer_perf(broker.bootstrap, topic, records // 4 if topic == "warm" else records)
        measure.share_consumer_perf(broker.bootstrap, "warm", records // 4, 4)
        rows = {}
        for threads in (1, 4):
            with measure.Meter(broker.process) as working:
                rate = measure.share_consumer_perf(broker.bootstrap, "work", records, threads)
            rows[f"share group, {threads} consumers: records/s"] = rate
            rows[f"share group, {threads} consumers: broker CPU, s per million"] = working.cpu / records * 1e6
        return rows
    finally:
        broker.remove()


def many_partitions(variant: Variant, directory: Path, scale: float) -> dict[str, float]:
    """The same load over ten thousand partitions, and a restart with them."""
    records = int(variant.megabytes * scale * MEGABYTE / RECORD)
    broker = variant.broker(directory).start()
    try:
        measure.create_topic(broker.bootstrap, "many", MANY)
        produced = measure.producer_perf(broker.bootstrap, "many", records)
        rss = broker.process.rss()
        broker.stop()
        restarted = measure.start_to_first_ack(broker, "many")
        return {
            "produce, 10,000 partitions, MB/s": produced["mb_per_second"],
            "RSS, 10,000 partitions, MB": rss / MEGABYTE,
            "start to first ack, 10,000 partitions, s": restarted,
        }
    finally:
        broker.remove()


def replay(variant: Variant, directory: Path, scale: float) -> dict[str, float]:
    """Everything back from the S3 endpoint with log and cache gone, beside plain range reads of the same objects."""
    if variant.kind == "kafka":
        return {}
    endpoint = S3Endpoint(directory.with_name("s3"))
    settings = endpoint.settings()
    broker = variant.broker(directory, settings).start()
    try:
        measure.create_topic(broker.bootstrap, "replay", PARTITIONS)
        measure.producer_perf(broker.bootstrap, "replay", int(variant.megabytes * scale * MEGABYTE / RECORD))
        plain, replayed = [], []
        for _ in range(3):
            broker.stop(timeout=300)
            broker.forget_log()
            plain.append(measure.range_reads(settings, REPLAY_CONCURRENCY))
            broker.start()
            replayed.append(measure.replay(broker, "replay", REPLAY_CONCURRENCY))
        return {
            "replay from S3, MB/s": statistics.median(replayed),
            "plain range reads, MB/s": statistics.median(plain),
            "replay against plain range reads": statistics.median(replayed) / statistics.median(plain),
        }
    finally:
        broker.remove()
        endpoint.stop()
        shutil.rmtree(directory.with_name("s3"), ignore_errors=True)


PARTS = {"load": load, "start": start_empty, "many": many_partitions, "replay": replay, "transactions": transactions, "share": share,
         "cluster": cluster}


def machine() -> str:
    java = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr.splitlines()[0]
    return f"{hardware()}; Kafka 4.3.1 on {java}, heap 1 GB"


if __name__ == "__main__":
    main()
