"""A cluster: brokers as processes of their own, etcd, an S3 endpoint, and on request a network between them that can fail."""

import json
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from .esker import EskerBroker
from .etcd import Etcd
from .network import Network
from .process import free_port
from .s3 import S3Endpoint
from .wait import until

ETCD, S3 = "etcd", "s3"


class EskerCluster:
    """Brokers 1 to N on one etcd and one bucket."""

    def __init__(self, directory: Path, brokers: int = 3, settings: dict | None = None, network: bool = False, tuned: bool = True):
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.etcd = Etcd(directory)
        self.s3 = S3Endpoint(directory)
        self.network = Network(directory) if network else None
        self.settings, self.tuned = settings or {}, tuned
        self.exits: list[str] = []
        self.at_end: list[Callable[[], None]] = []
        self.brokers: dict[int, EskerBroker] = {}
        for number in range(1, brokers + 1):
            self.add(number)

    def add(self, number: int) -> EskerBroker:
        """Describes a broker, and starts nothing."""
        grpc, name = free_port(), str(number)
        etcd = s3 = advertised = None
        if self.network:
            etcd, s3 = self.network.route(name, ETCD, self.etcd.port), self.network.route(name, S3, self.s3.port)
            advertised = self.network.route(None, name, grpc)
        broker = EskerBroker(self.directory / f"broker-{number}", {
            "node.id": number,
            **({"node.shards": 16} if self.tuned else {}),
            "meta.url": self.etcd.url(port=etcd),
            "listeners.grpc": f"127.0.0.1:{grpc}",
            "listeners.grpc_advertised": f"127.0.0.1:{advertised or grpc}",
            **self.s3.settings(port=s3),
            **self.settings,
        }, tuned=self.tuned)
        broker.grpc = f"127.0.0.1:{grpc}"
        self.brokers[number] = broker
        return broker

    @property
    def bootstrap(self) -> str:
        return ",".join(broker.bootstrap for broker in self.brokers.values())

    def start(self) -> "EskerCluster":
        """Starts all brokers side by side: the first ones wait for others."""
        for number in self.brokers:
            self.launch(number)
        for broker in self.brokers.values():
            broker.await_ready(60)
        self.await_whole()
        return self

    def launch(self, number: int) -> EskerBroker:
        """Starts a broker, and the network knows who it is."""
        broker = self.brokers[number]
        broker.launch()
        if self.network:
            self.network.pid(str(number), broker.process.pid)
        return broker

    def revive(self, but: int | None = None) -> list[int]:
        """Starts brokers that ended, as a supervisor does, except for one; which ones."""
        ended = [number for number, broker in self.brokers.items() if number != but and not broker.process.alive()]
        for number in ended:
            broker = self.brokers[number]
            code = broker.process.popen.returncode
            if code != -signal.SIGKILL:
                self.exits.append(f"broker {number}: {code}: {broker.process.log_tail(1)}")
            self.launch(number)
        return ended

    def status(self) -> dict | None:
        """`esker cluster status` from the first broker that answers."""
        for broker in self.brokers.values():
            if broker.process and broker.process.alive():
                try:
                    return json.loads(broker.cli("cluster", "status", "--grpc", broker.grpc, "--output", "json", timeout=20))
                except (AssertionError, subprocess.TimeoutExpired):
                    continue
        return None

    def whole(self) -> bool:
        """Every described broker is there and has shards, every shard has an owner, and every ledger that is written has
        all its copies: the next fault is again a single one."""
        status = self.status()
        if not status or status["ownerless"] or status["blocked"] or status["moving"]:
            return False
        owned = {broker["session"]["broker"]: broker["shards"] for broker in status["brokers"]}
        written = [ledger for ledger in status["ledgers"] if ledger["alive"] and ledger["end"] is None]
        copies = min(3, len(self.brokers))
        full = all(len(ledger["copyset"]) == copies and not ledger["missing"] for ledger in written)
        return set(owned) == set(self.brokers) and all(owned.values()) and full

    def copied(self) -> bool:
        """Whole, and no ledger of which a byte may be needed has lost a copy: a store may be deleted."""
        if not self.whole():
            return False
        return not any(ledger["missing"] for ledger in self.status()["ledgers"])

    def without(self, number: int) -> bool:
        """The others know that a broker's session is over."""
        status = self.status()
        return bool(status) and number not in {broker["session"]["broker"] for broker in status["brokers"]}

    def await_whole(self, timeout: float = 60) -> None:
        """Whole again, brokers that have ended started again."""
        self._settle("every broker has its shards", self.whole, timeout)

    def await_copied(self, timeout: float = 120) -> None:
        """Whole again, and what lost a copy offloaded, which is asked for."""
        self.await_whole()
        self.flush()
        self._settle("every ledger has its copies", self.copied, timeout)

    def flush(self) -> None:
        """Uploads what only logs have."""
        for broker in self.brokers.values():
            broker.flush()

    def _settle(self, what: str, condition: Callable[[], bool], timeout: float) -> None:
        def settled() -> bool:
            self.revive()
            return condition()
        try:
            until(what, settled, timeout, interval=0.1)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{json.dumps(self.status())}") from error

    def wal_bytes(self) -> int:
        """Log files in use, of all brokers."""
        return int(sum(broker.metric("esker_wal_used_bytes") for broker in self.brokers.values()))

    def panics(self) -> list[str]:
        return [line for broker in self.brokers.values() for line in broker.panics()]

    def end(self) -> None:
        """Ends everything, whoever uses it first. What it wrote stays for whoever looks into a failure."""
        for step in self.at_end:
            step()
        for broker in self.brokers.values():
            if broker.process and broker.process.alive():
                broker.kill()
        for part in (self.etcd, self.s3, self.network):
            if part and part.process.alive():
                part.process.kill()


def freeze(process) -> None:
    """SIGSTOP: alive, and silent."""
    process.popen.send_signal(signal.SIGSTOP)


def thaw(process) -> None:
    process.popen.send_signal(signal.SIGCONT)


def delete_store(broker: EskerBroker) -> None:
    """A new disk: the log of a broker that is not running is gone."""
    assert not broker.process.alive()
    shutil.rmtree(broker.data / "store")
