"""Single measurements, each on a running broker or on one it starts itself. Sizes in bytes, times in seconds unless named."""

import json
import re
import struct
import subprocess
import threading
import time
import uuid

from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from harness.kafka import CLASSPATH
from harness.paths import JAVA_CLIENTS, binary
from harness.process import Process
from harness.wait import until
from harness.wire import METADATA, Connection, batch, produce, produce_error, request, string

RECORD = 1024
MEGABYTE = 1_000_000


# Kafka's controller refuses to make more at once.
MOST_AT_ONCE = 4000


def create_topic(bootstrap: str, name: str, partitions: int, replicas: int = 1) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": 120_000, "log_level": 0})
    wait = {"operation_timeout": 120, "request_timeout": 120}
    count = min(partitions, MOST_AT_ONCE)
    admin.create_topics([NewTopic(name, count, replicas)], **wait)[name].result(120)
    while count < partitions:
        count = min(partitions, count + MOST_AT_ONCE)
        admin.create_partitions([NewPartitions(name, count)], **wait)[name].result(120)
    until("the topic is there", lambda: len(admin.list_topics(name, 60).topics[name].partitions) == partitions, 120)


def producer_perf(bootstrap: str, topic: str, records: int, per_second: int = -1, may_give_up: bool = False,
                  commit_every_ms: int | None = None) -> dict:
    """Kafka's own producer-perf-test, acks=all and nothing else set: MB/s and the percentiles it prints, in ms. With
    `may_give_up`, records that are not acknowledged within the client's two minutes are counted and fail nothing. With
    `commit_every_ms`, in transactions that are committed so often."""
    transactions = ["--transaction-duration-ms", commit_every_ms] if commit_every_ms else []
    output = _java("org.apache.kafka.tools.ProducerPerformance", "--topic", topic, "--num-records", records, "--record-size", RECORD,
                   "--throughput", per_second, "--bootstrap-server", bootstrap, "--command-property", "acks=all", *transactions)
    last = output.strip().splitlines()[-1]
    sent = int(re.match(r"(\d+) records sent", last).group(1))
    assert sent == records or may_give_up, f"only {sent} of {records} records were sent: {last}"
    rate = float(re.search(r"([\d.]+) records/sec", last).group(1))
    percentiles = {p: float(ms) for ms, p in re.findall(r"(\d+) ms (50|95|99|99\.9)th", last)}
    return {"mb_per_second": rate * RECORD / MEGABYTE, "records_per_second": rate, "sent": sent,
            "p50_ms": percentiles["50"], "p99_ms": percentiles["99"]}


def consumer_perf(bootstrap: str, topic: str, records: int) -> float:
    """Kafka's own consumer-perf-test from the start of the topic: MB/s while it fetches."""
    output = _java("org.apache.kafka.tools.ConsumerPerformance", "--bootstrap-server", bootstrap, "--topic", topic,
                   "--num-records", records, "--timeout", 60_000, "--hide-header")
    fields = [f.strip() for f in output.strip().splitlines()[-1].split(",")]
    megabytes, fetch_ms = float(fields[2]) * 1024 * 1024 / MEGABYTE, float(fields[7])
    return megabytes / (fetch_ms / 1000)


def share_consumer_perf(bootstrap: str, topic: str, records: int, threads: int) -> float:
    """Kafka's own share-consumer-perf-test: share consumers of one group that accept everything. Records a second, from the
    first call to the last record, joining included."""
    group = f"perf-{uuid.uuid4().hex[:8]}"
    _java("esker.clients.ShareAdmin", bootstrap, "config", group, "share.auto.offset.reset=earliest")
    output = _java("org.apache.kafka.tools.ShareConsumerPerformance", "--bootstrap-server", bootstrap, "--topic", topic, "--group", group,
                   "--num-records", records, "--threads", threads, "--timeout", 60_000, "--hide-header")
    fields = [f.strip() for f in output.strip().splitlines()[-1].split(",")]
    return float(fields[4])


class Meter:
    """Broker CPU over a block."""

    def __init__(self, process: Process):
        self.process = process

    def __enter__(self):
        self.cpu = -self.process.cpu_seconds()
        self.start = time.monotonic()
        return self

    def __exit__(self, *_):
        self.cpu += self.process.cpu_seconds()
        self.seconds = time.monotonic() - self.start


def start_to_first_ack(broker, topic: str) -> float:
    """Seconds from starting the process until a record is acknowledged (acks=all), by a client that tries all the time."""
    broker.prepare()
    start = time.monotonic()
    starter = threading.Thread(target=broker.start, kwargs={"timeout": 300}, daemon=True)
    starter.start()
    asks = struct.pack(">i", 1) + string(topic)
    record = batch([b"first"])

    def acked() -> bool:
        try:
            with Connection(broker.port, patience=5) as connection:
                connection.send(request(METADATA, 1, asks)).answer()
                answer = connection.send(produce(topic, 0, record)).answer()
                return produce_error(answer, topic) == 0
        except (ConnectionError, TimeoutError):
            return False

    until("the first acknowledgement", acked, 300, interval=0.002)
    took = time.monotonic() - start
    starter.join()
    return took


def replay(broker, topic: str, connections: int) -> float:
    """Reads a topic from the start with `esker bench replay`: MB/s as it counts them."""
    report = json.loads(broker.cli("bench", "replay", "--topic", topic, "--connections", connections, "--bootstrap", broker.bootstrap,
                                   "--output", "json", timeout=900))
    return report["megabytes_per_second"]


def range_reads(settings: dict, concurrency: int, range_bytes: int = 4 << 20) -> float:
    """Reads the same objects with nothing but ranged GETs: MB/s."""
    options = [f"{k.split('.')[1]}={v}" for k, v in settings.items() if k != "object_store.url"]
    done = subprocess.run([binary("examples/range_reads"), settings["object_store.url"], str(concurrency), str(range_bytes), *options],
                          capture_output=True, text=True, timeout=900, check=True)
    return json.loads(done.stdout)["mb_per_second"]


def _java(main: str, *args) -> str:
    command = ["java", "-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", f"{CLASSPATH}:{JAVA_CLIENTS}/clients-1.jar", main, *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{main}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout

