"""Three brokers, and one alone that is treated worse, from a quiet beginning through everything that an alert is for."""

import contextlib
import itertools
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import Producer

from harness.cluster import EskerCluster
from harness.esker import EskerBroker
from harness.paths import ROOT
from harness.wait import until
from limits import HELD_TO_LIMITS, limit, limited
from prom import Prometheus
from shortened import shortened
from traffic import Traffic

RULES = ROOT / "helm" / "esker" / "alerts" / "alerts.yaml"
# What a test cannot wait for, or would have to break more for.
THRESHOLDS = {"offloadLagSeconds": 8, "produceLatencySeconds": 0.6, "groupLagRecords": 2000}
MIB = 1 << 20
CLUSTER = {"archive.flush_interval_ms": 2_000, "archive.trim_delay_ms": 1_000, "archive.cache_memory_bytes": 4 * MIB, "wal.max_bytes": 64 * MIB,
           "wal.file_bytes": 8 * MIB, "limits.tail_bytes": MIB, "kafka.group_share_min_record_lock_duration_ms": 1000}
ALONE = {"limits.max_connections": 20, "limits.request_bytes_total": 16 * MIB, "limits.request_bytes_per_connection": 16 * MIB,
         "limits.socket_request_max_bytes": 8 * MIB, "wal.max_bytes": 64 * MIB, "wal.file_bytes": 8 * MIB}
ALL = "all"  # the topic of the broker alone
FIRES, ENDS = 120, 120  # seconds at most; on a machine that is not busy, some ten


class Story:
    """What was seen, by alert: how long until it fired, and how long until it was over."""

    def __init__(self, directory: Path):
        self.cluster = EskerCluster(directory / "cluster", settings=CLUSTER, network=True)
        self.alone = EskerBroker(directory / "alone", ALONE, under=HELD_TO_LIMITS)
        self.fired: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.troubles: list[str] = []
        self.quiet: set[str] = set()
        self.unhealthy: dict[str, str] = {}
        self.page = ""
        self.directory = directory
        self.prometheus: Prometheus | None = None
        self.traffic: Traffic | None = None

    def run(self) -> "Story":
        self.cluster.start()
        self.alone.start()
        self.traffic = Traffic(self.cluster)
        targets = {"esker": {f"broker-{number}": broker.http_port for number, broker in self.cluster.brokers.items()},
                   "alone": {"alone": self.alone.http_port}}
        self.prometheus = Prometheus(self.directory / "prometheus", targets, shortened(RULES.read_text(), **THRESHOLDS))
        for chapter in (self._quiet, self._clients, self._object_store, self._etcd, self._deaths, self._threads, self._failing_log):
            began = time.monotonic()
            try:
                chapter()
            except Exception:  # what was seen until then is judged all the same, and this is told with it
                self.troubles.append(f"{chapter.__name__}:\n{traceback.format_exc()}")
            print(f"{chapter.__name__}: {time.monotonic() - began:.0f} s")
        self.unhealthy = {name: rule.get("lastError", "") for name, rule in self.prometheus.rules().items() if rule["health"] != "ok"}
        return self

    def end(self) -> None:
        if self.traffic:
            self.traffic.end()
        self.cluster.end()
        if self.alone.process and self.alone.process.alive():
            self.alone.kill()
        if self.prometheus:
            self.prometheus.process.kill()

    def _await(self, noted: dict[str, float], names: tuple[str, ...], there: bool, timeout: float, meanwhile: Callable[[], None]) -> None:
        began, missing = time.monotonic(), set(names)

        def done() -> bool:
            meanwhile()
            firing = self.prometheus.firing()
            for name in [name for name in missing if (name in firing) == there]:
                noted[name] = time.monotonic() - began
                missing.discard(name)
            return not missing
        try:
            until(f"{names}", done, timeout, interval=0.2)
        except TimeoutError as error:
            self.troubles.append(f"{'no' if there else 'still'} {sorted(missing)}: {error}")

    def fire(self, *names: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        self._await(self.fired, names, True, FIRES, meanwhile)

    def over(self, *names: str) -> None:
        self._await(self.ended, names, False, ENDS, lambda: None)

    # --- chapters -------------------------------------------------------------------------------------------------------

    def _quiet(self) -> None:
        """All is well, everything is at work, and nothing fires; not even once rules were evaluated for longer than any waits."""
        at_work = ("esker_archive_uploads_total", 'esker_fetch_read_bytes_total{source="archive"}', "esker_transactions_aborted_total",
                   "esker_transactions_committed_total", "esker_topic_produced_bytes_total", "esker_cache_hits_total")
        until("everything is at work", lambda: all(self.prometheus.value(f"increase({metric}[5s])") > 0 for metric in at_work), 60, interval=0.5)
        until("rules were evaluated for 16 s", lambda: self.prometheus.value('count_over_time(up{pod="alone"}[1h])') > 16, 60, interval=0.5)
        self.quiet = self.prometheus.fired()
        self.page = self.cluster.brokers[1].http("/metrics")

    def _clients(self) -> None:
        """What clients cause, and a slow network, on the cluster; too many of everything on the one alone."""
        self.traffic.fall_asleep("sleepers")
        self.traffic.reject(5)
        nodes = [str(number) for number in self.cluster.brokers]
        self.cluster.network.delay(list(itertools.permutations(nodes, 2)), 0.35)
        with contextlib.ExitStack() as undo:
            half = undo.enter_context(half_a_request(self.alone.port, 7 * MIB))
            # Few more than it has open.
            undo.enter_context(limited(self.alone, "nofile", int(self.alone.metric("process_open_fds")) + 30))
            crowd = undo.enter_context(Crowd(self.alone.port, 40))
            self.fire("EskerDeadLetters", "EskerProduceLatencyHigh", "EskerGroupLagGrowing", "EskerConnectionsRefused", "EskerFilesLow",
                      "EskerBudgetFull", meanwhile=lambda: (crowd.knock(), half.check()))
        self.cluster.network.heal()
        self.traffic.forget("sleepers")
        self.over("EskerProduceLatencyHigh", "EskerGroupLagGrowing", "EskerConnectionsRefused", "EskerFilesLow", "EskerBudgetFull", "EskerDeadLetters")

    def _object_store(self) -> None:
        """The object store answers 503 until logs are full."""
        self.cluster.s3.faults("outage=true")
        self.traffic.flooding.set()
        self.fire("EskerObjectStoreErrors", "EskerOffloadStalled", "EskerLogFilling", "EskerLogFull", "EskerRequestsFail")
        self.traffic.flooding.clear()
        self.cluster.s3.faults("outage=false")
        self.over("EskerObjectStoreErrors", "EskerOffloadStalled", "EskerLogFilling", "EskerLogFull", "EskerRequestsFail")

    def _etcd(self) -> None:
        """etcd is away, and the controller dies."""
        etcd = self.cluster.etcd
        controller = self.controller()
        etcd.process.kill()
        self.fire("EskerMetadataUnreachable")
        self.cluster.brokers[controller].kill()
        self.fire("EskerNoController", "EskerBrokerDown")
        etcd.start()
        self.over("EskerNoController", "EskerMetadataUnreachable")
        self.fire("EskerCopiesMissing")
        self.cluster.launch(controller)
        self.over("EskerBrokerDown", "EskerCopiesMissing")
        self.cluster.await_whole(120)

    def _deaths(self) -> None:
        """Two of three die: what they wrote last waits for them. Then all do, and one comes back that can do nothing alone."""
        stays = self.controller()
        others = [number for number in self.cluster.brokers if number != stays]
        for number in others:
            self.cluster.brokers[number].kill()
        self.fire("EskerShardsWithoutOwner")
        self.cluster.brokers[stays].kill()
        self.cluster.launch(stays)
        self.fire("EskerNotReady")
        for number in others:
            self.cluster.launch(number)
        self.cluster.await_whole(120)
        self.over("EskerShardsWithoutOwner", "EskerNotReady", "EskerBrokerDown", "EskerNoController")

    def _threads(self) -> None:
        """The broker alone may start no more threads. The upload that needs one panics; everything else goes on."""
        producer = Producer({"bootstrap.servers": self.alone.bootstrap, "log_level": 0})

        def upload_panics() -> bool:
            produce(producer)
            self.alone.flush()
            return bool(self.alone.panics())

        with limited(self.alone, "nproc", 1):
            # At once, unless there is a thread that has nothing to do: that takes it, and ends ten seconds later.
            until("an upload panics", upload_panics, 60, interval=11)
            self.fire("EskerPanics")
            produce(producer)
            assert self.alone.ready()
        self.over("EskerPanics")
        uploaded = self.alone.metric("esker_archive_uploads_total")
        self.alone.flush()
        assert self.alone.metric("esker_archive_uploads_total") > uploaded, "it goes on when there are threads again"
        said = self.alone.process.log_text()
        assert said.count("OS can't spawn worker thread") == len(self.alone.panics()), "nothing else panics"

    def _failing_log(self) -> None:
        """Writes to the log of the broker alone fail, and it ends; again and again."""
        def fail() -> None:
            starts, said = self.prometheus.value(scraped), len(self.alone.process.log_text())
            producer = Producer({"bootstrap.servers": self.alone.bootstrap, "log_level": 0})
            limit(self.alone, "fsize", 4 * MIB)  # half of a log file; nothing else that it writes is as large

            def ended() -> bool:
                with contextlib.suppress(BufferError):
                    producer.produce(ALL, bytes(100_000))
                producer.poll(0)
                return not self.alone.process.alive()
            until("a write fails, and the broker ends", ended, 60, interval=0.01)
            assert self.alone.process.wait(30) == 1
            said = self.alone.process.log_text()[said:]
            assert "the store has failed" in said and "File too large" in said and "the log can no longer write" in said, said
            self.alone.start()
            until("the new process is scraped", lambda: self.prometheus.value(scraped) > starts, 20)

        scraped = 'max_over_time(process_start_time_seconds{pod="alone"}[1h])'
        self.fire("EskerBrokerRestarting", meanwhile=fail)

    def controller(self) -> int:
        found = until("there is a controller", lambda: self.prometheus.query('esker_controller{job="esker"} == 1'), 60)
        return int(found[0]["pod"].removeprefix("broker-"))


class Crowd:
    """As many connections as come in, and more that do not."""

    def __init__(self, port: int, count: int):
        self.port, self.held = port, []
        self.count = count

    def __enter__(self) -> "Crowd":
        for _ in range(self.count):
            self.knock()
        return self

    def knock(self) -> None:
        """One more; the last ones are kept."""
        with contextlib.suppress(OSError):
            self.held.append(socket.create_connection(("127.0.0.1", self.port), timeout=5))

    def __exit__(self, *_) -> None:
        for one in self.held:
            one.close()


class half_a_request:
    """A request that claims so many bytes and comes slowly: they are granted, and taken for as long as it lasts."""

    def __init__(self, port: int, claimed: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        # Produce, version 9.
        self.socket.sendall(struct.pack(">ihhih", claimed, 0, 9, 1, -1))
        self.left = claimed - 10
        self.ending, self.broken = threading.Event(), None
        self.thread = threading.Thread(target=self._trickle, daemon=True)

    def _trickle(self) -> None:
        try:
            while not self.ending.wait(0.25) and self.left > 65536:
                self.socket.sendall(bytes(16384))
                self.left -= 16384
        except OSError as error:
            self.broken = error

    def check(self) -> None:
        assert not self.broken, f"the broker hung up: {self.broken}"

    def __enter__(self) -> "half_a_request":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.ending.set()
        self.thread.join(10)
        self.socket.close()


def produce(producer: Producer) -> None:
    """One record, which must be acknowledged."""
    failures: list = []
    producer.produce(ALL, b".", on_delivery=lambda error, _: failures.append(error))
    assert producer.flush(30) == 0 and failures == [None], failures
