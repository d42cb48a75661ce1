"""The list of checks with kcat as Debian ships it: an old librdkafka, driven from its command line."""

import json
import subprocess
import time

from confluent_kafka.admin import AdminClient, NewTopic
from lab import DEADLINE, Lab, compressible, equal, main

# kcat's own field separators for -K and -f; no sample below contains them.
UNIT, RECORD = "\x1f", "\x1e"


class KcatLab(Lab):
    def topic(self, name="t", partitions=1, **config) -> str:
        topic = self.name(name)
        config = {k.replace("_", "."): str(v) for k, v in config.items()}
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for future in admin.create_topics([NewTopic(topic, partitions, 1, config=config)]).values():
            future.result(DEADLINE)
        return topic

    def kcat(self, *args, stdin: bytes = b"", fails=False) -> bytes:
        done = subprocess.run(["kcat", "-b", self.bootstrap, "-X", "broker.address.family=v4", *map(str, args)],
                              input=stdin, capture_output=True, timeout=2 * DEADLINE)
        assert (done.returncode != 0) == fails, f"kcat {args}: {done.returncode} {done.stderr.decode()}"
        return done.stderr if fails else done.stdout

    def produce(self, topic, lines, *args):
        self.kcat("-P", "-t", topic, "-X", "acks=all", *args, stdin=b"\n".join(lines) + b"\n")

    def consume(self, topic, *args) -> list[dict]:
        out = self.kcat("-C", "-t", topic, "-e", "-q", "-J", "-X", "check.crcs=true", *args)
        return [json.loads(line) for line in out.splitlines()]


def round_trip(lab):
    topic = lab.topic(partitions=3)
    lines = [f"key-{i}{UNIT}value-{i}".encode() if i % 7 else f"key-{i}{UNIT}".encode() for i in range(300)]
    for partition in range(3):
        lab.produce(topic, lines[partition::3], "-p", partition, "-K", UNIT, "-Z", "-H", "a=1", "-H", "a=2", "-H", f"p={partition}")
    got = lab.consume(topic)
    equal(300, len(got), "records")
    for m in got:
        i = m["offset"] * 3 + m["partition"]
        equal((f"key-{i}", f"value-{i}" if i % 7 else None), (m["key"], m["payload"]), "record")
        equal(["a", "1", "a", "2", "p", str(m["partition"])], m["headers"], "headers")
        assert abs(m["ts"] - time.time() * 1000) < 60_000, m["ts"]


def codec(name):
    def check(lab):
        topic = lab.topic()
        values = [v.hex().encode() for v in compressible(500) if v]
        lab.produce(topic, values, "-z", name, "-X", "linger.ms=50")
        equal([v.decode() for v in values], [m["payload"] for m in lab.consume(topic)], "values")
        if name != "none":  # an old client silently sends uncompressed when it misreads the broker's versions
            lab.produce(lab.topic("small", max_message_bytes=50_000), [b"x" * 500_000], "-z", name)
    return check


def idempotent_order(lab):
    topic = lab.topic()
    lab.produce(topic, [b"%d" % i for i in range(5000)], "-X", "enable.idempotence=true", "-X", "batch.num.messages=20")
    equal(list(range(5000)), [int(m["payload"]) for m in lab.consume(topic)], "order")


def acks_levels(lab):
    topic = lab.topic()
    for acks in ("0", "1", "all"):
        lab.kcat("-P", "-t", topic, "-X", f"acks={acks}", stdin=b"v\n" * 50)
    equal(150, len(lab.consume(topic)), "records")


def large_message(lab):
    topic = lab.topic()
    line = b"x" * 3_000_000
    error = lab.kcat("-P", "-t", topic, "-X", "message.max.bytes=10000000", stdin=line + b"\n", fails=True)
    assert b"too large" in error.lower(), error
    lab.produce(topic, [line[:900_000]])
    equal([900_000], [len(m["payload"]) for m in lab.consume(topic)], "lengths")


def auto_create(lab):
    topic = lab.name("auto")
    lab.produce(topic, [b"first"])
    equal(["first"], [m["payload"] for m in lab.consume(topic)], "values")


def seek(lab):
    topic = lab.topic()
    lab.produce(topic, [b"%d" % i for i in range(50)], "-p", 0)
    between = int(time.time() * 1000) + 1
    while time.time() * 1000 <= between:
        pass
    lab.produce(topic, [b"%d" % i for i in range(50, 100)], "-p", 0)
    equal(70, lab.consume(topic, "-p", 0, "-o", 70)[0]["offset"], "from an offset")
    equal(95, lab.consume(topic, "-p", 0, "-o", -5)[0]["offset"], "the last five")
    equal(50, lab.consume(topic, "-p", 0, "-o", f"s@{between}")[0]["offset"], "from a time")
    found = lab.kcat("-Q", "-t", f"{topic}:0:{between}").decode()
    assert "offset 50" in found, found


def commit_resume(lab):
    """A balanced consumer (-G) commits when it ends, and the next one goes on from there."""
    topic, group = lab.topic(partitions=2), lab.name("g")
    args = ["-X", "auto.offset.reset=earliest", "-e", "-q", "-G", group, topic]
    for partition in (0, 1):
        lab.produce(topic, [b"%d" % i for i in range(50)], "-p", partition)
    equal(100, len(lab.kcat(*args).splitlines()), "first read")
    lab.produce(topic, [b"more"], "-p", 1)
    equal([b"more"], lab.kcat(*args).splitlines(), "second read")


def describe_cluster(lab):
    topic = lab.topic(partitions=3)
    listed = json.loads(lab.kcat("-L", "-J", "-t", topic))
    equal([lab.bootstrap], [b["name"] for b in listed["brokers"]], "advertised addresses")
    equal(3, len(listed["topics"][0]["partitions"]), "partitions")
    equal(listed["brokers"][0]["id"], listed["topics"][0]["partitions"][0]["leader"], "leader")


CHECKS = {
    "round_trip": round_trip,
    **{f"codec_{name}": codec(name) for name in ("none", "gzip", "snappy", "lz4", "zstd")},
    "idempotent_order": idempotent_order, "acks_levels": acks_levels, "large_message": large_message,
    "auto_create": auto_create, "seek": seek, "commit_resume": commit_resume, "describe_cluster": describe_cluster,
}

if __name__ == "__main__":
    main("kcat", CHECKS, KcatLab)
