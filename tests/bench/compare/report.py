"""The tables in docs/benchmarks*.md."""

import datetime
from pathlib import Path

# Row: (which pairs it is asked of, what must hold of Esker's number e and Kafka's k, the words for it).
TARGETS = {
    "produce, MB/s": {
        "Esker, received": (lambda e, k: e >= 1.3 * k, "≥ 1.3×"),
        "Esker, fsync": (lambda e, k: e >= 5 * k, "≥ 5×"),
    },
    "broker CPU, both, s/GB": {"*": (lambda e, k: e <= 0.5 * k, "≤ 0.5×")},
    "peak RSS, MB": {"*": (lambda e, k: e <= 0.25 * k, "≤ 0.25×")},
    "p99 at 20,000 records/s, ms": {"*": (lambda e, k: e <= k, "≤ 1×")},
    "start to first ack, empty, s": {"*": (lambda e, k: e <= 1, "≤ 1 s")},
    "start to first ack, 10,000 partitions, s": {"*": (lambda e, k: e <= 3, "≤ 3 s")},
    "replay against plain range reads": {"*": (lambda e, k: e >= 0.8, "≥ 0.8")},
    "RSS, 10,000 partitions, MB": {"*": (lambda e, k: e <= 600, "≤ 600 MB")},
    **{f"3 brokers, {partitions} partitions: produce, MB/s": {"*": (lambda e, k: e >= 1.2 * k, "≥ 1.2×")} for partitions in ("16", "1,000")},
    **{f"3 brokers, {partitions} partitions: broker CPU, both, s/GB": {"*": (lambda e, k: e <= 0.6 * k, "≤ 0.6×")}
       for partitions in ("16", "1,000")},
    "produce in transactions of 10 ms, MB/s": {"*": (lambda e, k: e >= 1.5 * k, "≥ 1.5×")},
    **{f"share group, {threads} consumers: records/s": {"*": (lambda e, k: e >= 1.5 * k, "≥ 1.5×")} for threads in (1, 4)},
    "3 brokers: peak RSS, MB": {"*": (lambda e, k: e <= 0.25 * k, "≤ 0.25×")},
    "3 brokers: p99 at 10,000 records/s, ms": {"*": (lambda e, k: e <= k, "≤ 1×")},
    "3 brokers: gap after kill -9, median, s": {"*": (lambda e, k: e < k, "< 1×")},
    **{f"publish and consume, {acks}: messages/s": {"*": (lambda e, k: e >= 3 * k, "≥ 3×")}
       for acks in ("one ack per message", "acks gathered for 5 ms")},
    **{f"at {rate}: p99 to the receiver, ms": {"*": (lambda e, k: e < k, "< 1×")} for rate in ("2,000/s", "30 % of RabbitMQ's most")},
}
MARK = "<!-- measured: everything below is written by tests/bench/compare -->"


def hardware() -> str:
    """What this machine is."""
    cpu = next(l.split(":")[1].strip() for l in Path("/proc/cpuinfo").read_text().splitlines() if l.startswith("model name"))
    cores = Path("/proc/cpuinfo").read_text().count("processor\t")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1_000_000
    kernel = Path("/proc/version").read_text().split()[2]
    return f"{cores} cores ({cpu}), {memory} GB, Linux {kernel}"


def write(path: Path, medians: dict, pairs: list, machine: str, options) -> None:
    """Replaces what is below the mark, and keeps what people wrote above it."""
    text = path.read_text() if path.exists() else ""
    above = text.split(MARK)[0] if MARK in text else text
    path.write_text(f"{above.rstrip()}\n\n{MARK}\n\n{section(medians, pairs, machine, options)}")


def section(medians: dict, pairs: list, machine: str, options) -> str:
    lines = [f"Measured {datetime.date.today()}: {machine}. Medians of {options.rounds} rounds; scale {options.scale:g}.", ""]
    for ours, theirs in pairs:
        if ours not in medians or theirs not in medians:
            lines += _alone([v for v in (ours, theirs) if v in medians], medians)
            continue
        lines += [f"| | {ours} | {theirs} | ratio | wanted | |", "|---|---:|---:|---:|---:|---|"]
        for row, value in medians[ours].items():
            other = medians[theirs].get(row)
            lines.append(_row(row, ours, value, other))
        many, few = medians[ours].get("produce, 10,000 partitions, MB/s"), medians[ours].get("produce, MB/s")
        if many and few:
            lines.append(f"| 10,000 partitions against 16, produce | {many / few:.2f} | | | ≥ 0.8 | {_verdict(many >= 0.8 * few)} |")
        lines.append("")
    return "\n".join(lines)


def _row(row: str, ours: str, value: float, other: float | None) -> str:
    target = TARGETS.get(row, {})
    holds, words = target.get(ours, target.get("*", (None, "")))
    verdict = _verdict(holds(value, other or 0)) if holds else ""
    if other is None:
        return f"| {row} | {value:.4g} | | | {words} | {verdict} |"
    ratio = f"{value / other:.2f}×" if other else ""
    return f"| {row} | {value:.4g} | {other:.4g} | {ratio} | {words} | {verdict} |"


def _alone(names: list[str], medians: dict) -> list[str]:
    lines = []
    for name in names:
        lines += [f"| | {name} |", "|---|---:|", *(f"| {row} | {value:.4g} |" for row, value in medians[name].items()), ""]
    return lines


def _verdict(holds: bool) -> str:
    return "reached" if holds else "**not reached**"
