"""A cluster under load and faults. What was acknowledged is there, once, in order, and every consumer is given all of it."""

import random
import time

from faults import KINDS, Scene
from workload import Workload

# Longest pauses in seconds, on a machine that has nothing else to do (--timings); printed in any case.
KILL_P50, KILL_P99, FREEZE, MOVE_P99 = 1.0, 3.0, 5.0, 0.3


def percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def spread(values: list[float]) -> str:
    return (f"{len(values)} times, p50 {percentile(values, 0.5):.2f}, p99 {percentile(values, 0.99):.2f}, max {max(values):.2f}"
            if values else "never")


def test_faults(make_cluster, tmp_path, request):
    """Faults of all kinds, drawn from the seed: as many as asked for, and for as long as asked for."""
    options = request.config.option
    seed = options.seed or random.SystemRandom().randrange(1 << 32)
    print(f"--seed={seed}", flush=True)
    chance = random.Random(seed)
    cluster = make_cluster(network=True)
    scene = Scene(cluster, Workload(cluster, tmp_path, options.rate), chance)
    kinds = options.faults.split(",") if options.faults else list(KINDS)
    began, number = time.monotonic(), 0
    while number < options.kills or time.monotonic() < began + options.minutes * 60:
        # A short run begins with the kinds that matter most; a long one has all of them anyway.
        kind = kinds[number] if number < 2 else chance.choices(kinds, [KINDS[kind][0] for kind in kinds])[0]
        at = time.monotonic()
        print(f"{at - began:7.1f} s  fault {number}: {kind}", end="", flush=True)
        scene.strike(kind)
        print(f", {time.monotonic() - at:.1f} s; gaps {scene.gaps[kind][-1:]}", flush=True)
        number += 1
    minutes = (time.monotonic() - began) / 60
    outcome = scene.work.finish(timeout=max(300, minutes * 30))
    print(f"{number} faults in {minutes:.1f} minutes, --seed={seed}")
    for kind, count in sorted(scene.count.items()):
        print(f"  {kind}: {count}; seconds without acknowledgements: {spread(scene.gaps[kind])}")
    print(f"  planned moves: {spread(scene.moves)}")
    print(f"  brokers that ended by themselves: {len(cluster.exits)}", *cluster.exits, sep="\n    ")
    print(outcome)
    kills, freezes = scene.gaps["kill"], scene.gaps["freeze"]
    if options.timings:
        assert not kills or (percentile(kills, 0.5) <= KILL_P50 and percentile(kills, 0.99) <= KILL_P99)
        assert not freezes or max(freezes) <= FREEZE


def test_rolling_restart(make_cluster, tmp_path, request):
    """Every broker is restarted, and applications with the clients' own settings see no error."""
    # As shipped: what the others wrote to its store is not offloaded for its sake.
    cluster = make_cluster(settings={})
    scene = Scene(cluster, Workload(cluster, tmp_path, settings="default"), random.Random(0))
    logs = "".join(broker.process.log_text() for broker in cluster.brokers.values())
    assert "the topic is not served yet" not in logs, "creating a topic waited for partitions that others lead"
    gaps = []
    for number, broker in cluster.brokers.items():
        leaders, at = scene.work.leaders(), time.monotonic()
        broker.stop(timeout=15)
        gaps.append(scene.work.gap(at, but=number))
        scene.note_moves(leaders, at, but=number)
        scene.restart(number)
        scene.work.await_progress()
        scene.work.await_consumption()
    outcome = scene.work.finish()
    print(f"every broker restarted: longest pauses {' '.join(f'{gap:.2f}' for gap in gaps)} s; planned moves: {spread(scene.moves)}")
    print(outcome)
    # What the consumers' commits were told; the producers' errors have been looked for.
    assert not any(group.notes for group in outcome.groups.values())
    if request.config.option.timings:
        assert percentile(scene.moves, 0.99) <= MOVE_P99
