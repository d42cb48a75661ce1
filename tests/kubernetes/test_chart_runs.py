"""What the chart renders, run: command line, files, environment, probes and hooks of pods, as a kubelet would, under load."""

import json
import time
import urllib.request

from confluent_kafka.admin import AdminClient

from harness.etcd import keys
from harness.wait import until
from load import Queue, Stream
from workload import Workload

# Small and quick; all of it as anybody would set it.
QUICK = {
    "kafka": {"group_initial_rebalance_delay_ms": 0, "offsets_topic_num_partitions": 8},
    "archive": {"flush_interval_ms": 8_000, "trim_delay_ms": 1_000},
    "wal": {"max_bytes": 1 << 30},
    # Disks of machines that tests share stall for seconds, and etcd's with them. What that does is for tests/cluster.
    "meta": {"request_timeout_ms": 12_000},
    "replication": {"session_ttl_ms": 12_000},
}
TOPICS = [{"name": "orders", "partitions": 16, "config": {"retention.ms": "86400000"}}, {"name": "audit"}]
RATE = 200


def broker(replicas: int = 3, **more) -> dict:
    return {"replicas": replicas, "shards": 16, "minReadySeconds": 2, "config": QUICK, **more}


class Front:
    """What a load knows of a release: where clients begin."""

    def __init__(self, release):
        self.release = release
        self.bootstrap = release.bootstrap
        self.at_end = []

    def revive(self, but=None) -> list[int]:
        return []  # pods come again by themselves, or the test fails

    def panics(self) -> list[str]:
        return self.release.panics()


def settled(release, brokers: list[int]) -> bool:
    """These brokers have all the shards, nothing waits, and what is written has its copies."""
    status = release.status()
    if not status or status["ownerless"] or status["blocked"] or status["moving"]:
        return False
    owned = {found["session"]["broker"]: found["shards"] for found in status["brokers"]}
    written = [ledger for ledger in status["ledgers"] if ledger["alive"] and ledger["end"] is None]
    return (sorted(owned) == brokers and all(owned.values())
            and all(len(ledger["copyset"]) == 3 and not ledger["missing"] for ledger in written))


def copies(release, others: bool = False) -> set[int]:
    """The brokers that hold copies of ledgers that are not forgotten yet; `others`: of other brokers' ledgers only."""
    status = release.status()
    home = {found["store"]: found["session"]["broker"] for found in status["brokers"]}
    return {home.get(store, -1) for ledger in status["ledgers"] for store in ledger["copyset"]
            if not others or home.get(store) != ledger["writer"]["broker"]}


def drained_of(pod) -> bool:
    """What a broker says of itself: nothing needs it."""
    done = pod.exec("/usr/local/bin/esker", "cluster", "status", "--output", "json", timeout=30)
    (found,) = [b for b in json.loads(done.stdout)["brokers"] if str(b["session"]["broker"]) == pod.labels["apps.kubernetes.io/pod-index"]]
    return found["drained"] and not found["shards"]


def gone(release, host: str, port: int) -> list[str]:
    """What etcd has of brokers and volumes that are no more. (Counters stay: a number is never given to two ledgers.)"""
    there_is = keys(host, port)
    assert any(key.endswith("/sessions/0") for key in there_is), there_is
    stores = {found["store"] for found in release.status()["brokers"]}
    there = {str(ordinal) for ordinal in release.pods}
    parts = [(key, key.removeprefix(f"/{release.name}/").split("/")) for key in there_is]
    return [key for key, (kind, name, *_) in [part for part in parts if len(part[1]) > 1]
            if (kind in ("sessions", "ledgers") and name not in there) or (kind == "stores" and name not in stores)]


def verify(release) -> None:
    """Every byte in the bucket is as it should be."""
    done = release.pods[0].exec("/usr/local/bin/esker", "archive", "verify", "--config", "/etc/esker/esker.toml", "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not json.loads(done.stdout)["errors"], done.stdout


def report(what: str, began: float, release, gap: float) -> None:
    hooks = [f"{pod.name}: hook {pod.hook_seconds:.1f} s, end {pod.end_seconds:.1f} s" for pod in release.ended]
    print(f"{what}: {time.monotonic() - began:.0f} s, the longest pause of a partition {gap:.2f} s; {'; '.join(hooks)}")
    release.ended.clear()


def test_restarts_and_scaling_through_the_rendered_hooks(make_release, backing, tmp_path):
    began, etcd = time.monotonic(), backing.etcd
    release = make_release(broker=broker(), topics=TOPICS)
    release.brokers.after_hook = lambda pod: drained.append((pod.name, drained_of(pod)))
    front, drained = Front(release), []
    until("three brokers share the work", lambda: settled(release, [0, 1, 2]), 60, interval=0.5)
    print(f"install: {time.monotonic() - began:.0f} s")
    # Twice: those that exist are left as they are.
    for _ in range(2):
        release.run("Job", f"{release.name}-topics")
    made = AdminClient({"bootstrap.servers": front.bootstrap, "log_level": 2}).list_topics(timeout=30).topics
    assert {topic["name"]: len(made[topic["name"]].partitions) for topic in TOPICS if topic["name"] in made} == {"orders": 16, "audit": 1}
    for _ in range(2):
        assert "it works" in release.run("Pod", f"{release.name}-test")[-1]
    load = Workload(front, tmp_path, rate=RATE, probes=6)
    queue = Queue(front.bootstrap, tmp_path)
    try:
        # `helm upgrade` with another setting: every broker is restarted, one after another.
        began = time.monotonic()
        release.upgrade({**backing.values, "topics": TOPICS, "broker": broker(log={"level": "info,esker=debug"})})
        assert [pod.name for pod in release.ended] == [f"{release.name}-{n}" for n in (2, 1, 0)]
        load.await_progress()
        report("rolling restart", began, release, load.gap(began))

        # More brokers and another setting at once: copies are on the new ones too then.
        began = time.monotonic()
        release.upgrade({**backing.values, "topics": TOPICS, "broker": broker(5)})
        assert [pod.name for pod in release.ended] == [f"{release.name}-{n}" for n in (2, 1, 0)], "new ones have it from the start"
        until("five brokers share the work", lambda: settled(release, [0, 1, 2, 3, 4]), 60, interval=0.5)
        until("the new brokers have copies of what others write", lambda: copies(release, others=True) >= {3, 4}, 60, interval=0.5)
        load.await_progress()
        report("3 to 5, restarted", began, release, load.gap(began))

        began = time.monotonic()
        release.upgrade({**backing.values, "topics": TOPICS, "broker": broker(3)})
        assert [pod.name for pod in release.ended] == [f"{release.name}-{n}" for n in (4, 3)], "scaling in restarts nobody"
        until("three brokers share the work", lambda: settled(release, [0, 1, 2]), 60, interval=0.5)
        load.await_progress()
        report("5 to 3", began, release, load.gap(began))

        until("the others have forgotten who is gone", lambda: not gone(release, etcd.host, etcd.port) and copies(release) == {0, 1, 2}, 60, interval=0.5)
        print(load.finish(), f"; {queue.finish()} pieces of work")
        verify(release)
        assert not release.events(), release.events()
        # The hook ends when nothing needs the broker any more. Without it, what it has in hand would be taken over after its end.
        assert len(drained) == 8 and all(state for _, state in drained), drained
    finally:
        for step in front.at_end:
            step()
        queue.stopping.set()
        queue.workers.kill()


def alive(release) -> bool:
    """Every broker's liveness probe succeeds, and no pod has anything to complain about."""
    for pod in release.pods.values():
        handler = pod.container["livenessProbe"]["httpGet"]
        with urllib.request.urlopen(f"http://{pod.address}:{pod.port(handler['port'])}{handler['path']}", timeout=10) as answer:
            assert answer.status == 200
    assert not release.events(), release.events()
    return True


def test_a_broker_lives_without_etcd_and_the_bucket(make_release, backing):
    """Started before them, and when they are away later: nothing is restarted, and it is ready again by itself."""
    parts = [backing.etcd, backing.s3]
    for part in parts:
        part.process.kill()
    release = make_release(wait=False, broker=broker())
    until("all of them wait", lambda: all(b"waiting for the metadata store" in pod.log.read_bytes() for pod in release.pods.values()), 60)
    assert alive(release) and not any(pod.ready for pod in release.pods.values())
    for part in parts:
        part.start()
    release.await_ready()
    stream = Stream(release.bootstrap)
    until("records are taken", lambda: stream.taken_after(0), 30)
    for part in parts:
        part.process.kill()
    # Long after the sessions' leases would have ended, if etcd counted their time.
    end = time.monotonic() + 15
    until("records are taken all the while", lambda: alive(release) and stream.taken_after(end), 60)
    for part in parts:
        part.start()
    until("three brokers share the work", lambda: settled(release, [0, 1, 2]), 60, interval=0.5)
    release.await_ready()
    stream.finish()
    assert not release.events(), release.events()


def test_the_other_choices(make_release, backing, etcd_root):
    """The chart's own etcd, brokers without volumes of their own, and a load balancer for each: all of them are restarted under load, and
    the jobs do their work."""
    def values(quota: int, level: str) -> dict:
        return {
            "etcd": {"bundled": {"enabled": True, "image": {"repository": "etcd"}, "quotaBytes": quota}},
            "broker": broker(storage={"type": "emptyDir", "size": "2Gi"}, log={"level": level}),
            "external": {"enabled": True, "host": "broker-{index}.example"},
        }

    release = make_release(roots={"etcd": etcd_root}, **values(1 << 30, "info"))
    release.published = {f"{release.name}-external-{n}": f"broker-{n}.example" for n in range(3)}
    members = release.sets[f"{release.name}-etcd"]
    until("three brokers share the work", lambda: settled(release, [0, 1, 2]), 60, interval=0.5)
    told = AdminClient({"bootstrap.servers": release.bootstrap, "log_level": 2}).list_topics(timeout=30).brokers.values()
    assert sorted(f"{found.host}:{found.port}" for found in told) == [f"broker-{n}.example:9092" for n in range(3)]
    stream = Stream(release.bootstrap)
    until("records are taken", lambda: stream.taken_after(0), 30)
    stores = {found["store"] for found in release.status()["brokers"]}

    release.upgrade({**backing.values, **values(1 << 31, "info")})
    assert len(members.ended) == 3 and not release.ended, "another setting of etcd restarts its members and no broker"
    release.upgrade({**backing.values, **values(1 << 31, "debug,h2=info")})
    assert len(members.ended) == 3 and len(release.ended) == 3, "and the other way round"
    until("three brokers share the work", lambda: settled(release, [0, 1, 2]), 60, interval=0.5)
    until("the old disks are forgotten", lambda: not gone(release, members.pods[0].address, 2379), 60, interval=0.5)
    assert not stores & {found["store"] for found in release.status()["brokers"]}

    jobs = [job["metadata"]["name"].removeprefix(f"{members.name}-") for job in release.objects.all("CronJob")]
    assert sorted(jobs) == ["defrag", "snapshot-evening", "snapshot-morning", "snapshot-night", "snapshot-noon"]
    said = release.run("CronJob", f"{members.name}-defrag")[0]
    assert said.count("Finished defragmenting") == 3, said
    snapshots = release.objects.volume(f"{members.name}-snapshots")
    for _ in range(2):  # the second takes the place of the first
        release.run("CronJob", f"{members.name}-snapshot-noon")
        assert [file.name for file in snapshots.iterdir()] == ["noon.db"]
        assert b"/sessions/0" in (snapshots / "noon.db").read_bytes()
    now = time.monotonic()
    until("records are taken still", lambda: stream.taken_after(now), 30)
    stream.finish()
    assert not release.events(), release.events()
