"""Queues of Esker and of RabbitMQ side by side, in one run, on this machine: three brokers of each, into docs/benchmarks-queues.md.

    make bench-queues
    make bench-queues ARGS='--rounds 1 --scale 0.1 --out /tmp/try.md'

Rounds alternate the order, because a machine is noisy and its noise has a direction; medians are reported. A run in which a message
that was confirmed was not received and acked is a failure, and so is the whole.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from cluster import metered
from harness import rabbitmq
from measure import MEGABYTE
from report import hardware, write
from systems import PAIRS, RABBITMQ, VARIANTS, Variant

# The same for all.
SHAPE = {"publishers": 6, "window": 256, "consumers": 6, "prefetch": 256, "bytes": 1024}
THROUGHPUT, LATENCY = 20, 20  # seconds
BACKLOG = 200_000  # messages
STEADY, SHARE = 2_000, 0.3  # messages a second, and of what RabbitMQ can do
GATHER = "5ms"
EACH, GATHERED = "one ack per message", "acks gathered for 5 ms"


class Failed(Exception):
    """A run of the load generator did not come to a good end."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--scale", type=float, default=1.0, help="multiplies how long runs take")
    arguments.add_argument("--only", nargs="*", default=list(PARTS), choices=list(PARTS))
    arguments.add_argument("--variant", help="only those whose name contains this")
    arguments.add_argument("--share", type=float, help="messages a second for the second latency run; else RabbitMQ is asked what it can do")
    arguments.add_argument("--work", type=Path, default=None, help="where brokers keep their data")
    arguments.add_argument("--out", type=Path, default=Path("docs/benchmarks-queues.md"))
    options = arguments.parse_args()
    work = Path(tempfile.mkdtemp(prefix="esker-bench-", dir=options.work))
    chosen = [v for v in VARIANTS.values() if (options.variant or "") in v.name]
    results: dict[str, dict[str, list[float]]] = {v.name: {} for v in chosen}
    failures: list[str] = []
    try:
        share = options.share or ("latency" in options.only and calibrated(work / "brokers", options.scale)) or 0
        for number in range(options.rounds):
            for variant in chosen if number % 2 == 0 else reversed(chosen):
                for name, value in measured(variant, work / "brokers", options, share, failures).items():
                    results[variant.name].setdefault(name, []).append(value)
                    print(f"{number + 1}/{options.rounds} {variant.name}: {name} = {value:.4g}", flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    medians = {v: {k: statistics.median(values) for k, values in r.items()} for v, r in results.items()}
    options.out.with_suffix(".json").write_text(json.dumps({"failures": failures, "share": share, "results": results}, indent=1))
    write(options.out, medians, PAIRS, machine(share, len(failures)), options)
    if failures:
        sys.exit("\n".join(["runs failed:", *failures]))


def calibrated(directory: Path, scale: float) -> float:
    """The rate of the second latency run: a share of what RabbitMQ can do, by a short run of its own."""
    brokers = RABBITMQ.start(directory)
    try:
        for queue in ("warm", "most"):
            found = run(RABBITMQ, brokers, queue, seconds=max(2.0, THROUGHPUT / 2 * scale))
        return round(found["per_second"] * SHARE, -2)
    finally:
        finish(brokers, directory)


def measured(variant: Variant, directory: Path, options, share: float, failures: list[str]) -> dict[str, float]:
    """All parts on three brokers that are started for it. What failed is left out of the rows."""
    brokers = variant.start(directory)
    rows: dict[str, float] = {}
    try:
        run(variant, brokers, "warm", seconds=max(2.0, THROUGHPUT / 4 * options.scale))
        for part in options.only:
            for number, (words, asked) in enumerate(PARTS[part](options.scale, share)):
                try:
                    with metered(brokers) as used:
                        found = run(variant, brokers, f"{part}-{number}", **asked)
                    cpu = sum(meter.cpu for meter in used.meters)
                    rows |= ROWS[part](words, found, cpu / found["messages"] * 1e6)
                except Failed as failure:
                    print(f"{variant.name}: {failure}", flush=True)
                    failures.append(f"{variant.name}: {part}, {words}: {failure}")
        rows["peak RSS, three brokers, MB"] = sum(b.process.peak_rss() for b in brokers.brokers.values()) / MEGABYTE
        return rows
    except Failed as failure:
        failures.append(f"{variant.name}: warm-up: {failure}")
        return rows
    finally:
        finish(brokers, directory)


def run(variant: Variant, brokers, queue: str, **asked) -> dict:
    """One run of the load generator on a queue of its own: what it found."""
    words = {"scenario": "throughput", **SHAPE, **asked}
    command = [*variant.arguments(brokers), "-queue", queue, *(part for key, value in words.items() for part in (f"-{key}", value))]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=1800,
                          env={**os.environ, **variant.environment(brokers)})
    if done.returncode != 0:
        raise Failed(done.stderr.strip())
    return json.loads(done.stdout)


def finish(brokers, directory: Path) -> None:
    brokers.end()
    shutil.rmtree(directory, ignore_errors=True)


def throughput(scale: float, _share: float):
    seconds = max(2.0, THROUGHPUT * scale)
    return [(EACH, {"seconds": seconds}), (GATHERED, {"seconds": seconds, "gather": GATHER})]


def throughput_rows(acks: str, found: dict, cpu: float) -> dict[str, float]:
    name = f"publish and consume, {acks}"
    return {
        f"{name}: messages/s": found["per_second"],
        f"{name}: confirmed/s": found["confirmed_per_second"],
        f"{name}: delivered again": found["again"],
        f"{name}: broker CPU, µs/message": cpu,
        f"{name}: client CPU, µs/message": found["client_cpu"] / found["messages"] * 1e6,
    }


def latency(scale: float, share: float):
    seconds = max(3.0, LATENCY * scale)
    rates = [("2,000/s", STEADY), ("30 % of RabbitMQ's most", share)]
    return [(words, {"scenario": "latency", "seconds": seconds, "rate": rate}) for words, rate in rates]


def latency_rows(words: str, found: dict, cpu: float) -> dict[str, float]:
    kinds = {"received": "receiver", "confirmed": "confirm"}
    return {
        f"at {words}: reached, messages/s": found["per_second"],
        **{f"at {words}: {p} to the {word}, ms": found[f"{kind}_{p}"] for kind, word in kinds.items() for p in ("p50", "p99", "p99.9")},
        f"at {words}: broker CPU, µs/message": cpu,
    }


def drain(scale: float, _share: float):
    messages = max(10_000, int(BACKLOG * scale))
    return [(EACH, {"scenario": "drain", "messages": messages}), (GATHERED, {"scenario": "drain", "messages": messages, "gather": GATHER})]


def drain_rows(acks: str, found: dict, _cpu: float) -> dict[str, float]:
    return {f"drain a backlog, {acks}: messages/s": found["per_second"]}


PARTS = {"throughput": throughput, "latency": latency, "drain": drain}
ROWS = {"throughput": throughput_rows, "latency": latency_rows, "drain": drain_rows}


def machine(share: float, failures: int) -> str:
    words = f"{hardware()}; Debian's rabbitmq-server {rabbitmq.version()}, Erlang/OTP {rabbitmq.erlang()}"
    return words + (f"; 30 % of RabbitMQ's most is {share:,.0f}/s" if share else "") + (f"; **{failures} runs failed**" if failures else "")


if __name__ == "__main__":
    main()
