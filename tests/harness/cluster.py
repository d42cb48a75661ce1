"""A cluster: brokers as processes of their own, etcd, an S3 endpoint."""

import json
import subprocess
from pathlib import Path

from .esker import EskerBroker
from .etcd import Etcd
from .process import free_port
from .s3 import S3Endpoint
from .wait import until


class EskerCluster:
    """Brokers 1 to N on one etcd and one bucket."""

    def __init__(self, directory: Path, brokers: int = 3, settings: dict | None = None):
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.etcd = Etcd(directory)
        self.s3 = S3Endpoint(directory)
        self.settings = settings or {}
        self.brokers: dict[int, EskerBroker] = {}
        for number in range(1, brokers + 1):
            self.add(number)

    def add(self, number: int) -> EskerBroker:
        """Describes a broker, and starts nothing."""
        grpc = free_port()
        broker = EskerBroker(self.directory / f"broker-{number}", {
            "node.id": number,
            "node.shards": 16,
            "meta.url": self.etcd.url(),
            "listeners.grpc": f"127.0.0.1:{grpc}",
            **self.s3.settings(),
            **self.settings,
        })
        broker.grpc = f"127.0.0.1:{grpc}"
        self.brokers[number] = broker
        return broker

    @property
    def bootstrap(self) -> str:
        return ",".join(broker.bootstrap for broker in self.brokers.values())

    def start(self) -> "EskerCluster":
        """Starts all brokers side by side: the first ones wait for others."""
        for broker in self.brokers.values():
            broker.launch()
        for broker in self.brokers.values():
            broker.await_ready(60)
        self.await_whole()
        return self

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

    def without(self, number: int) -> bool:
        """The others know that a broker's session is over."""
        status = self.status()
        return bool(status) and number not in {broker["session"]["broker"] for broker in status["brokers"]}

    def await_whole(self, timeout: float = 60) -> None:
        until("every broker has its shards", self.whole, timeout, interval=0.1)

    def panics(self) -> list[str]:
        return [line for broker in self.brokers.values() for line in broker.panics()]

    def end(self) -> None:
        """Ends everything. What it wrote stays for whoever looks into a failure."""
        for broker in self.brokers.values():
            if broker.process and broker.process.alive():
                broker.kill()
        self.etcd.process.kill()
        self.s3.process.kill()
