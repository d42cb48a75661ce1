"""What is compared: three brokers of each, and how the load generator is told of them."""

from dataclasses import dataclass
from pathlib import Path

from harness.cluster import EskerCluster
from harness.paths import TOOLS
from harness.rabbitmq import RabbitMqCluster, rabbitmqctl

LOAD = TOOLS / "bench-queues"
BROKERS = 3


@dataclass(frozen=True)
class Variant:
    name: str
    kind: str
    partitions: int = 0  # of a queue of Esker's; 0 for the broker's default

    def start(self, directory: Path):
        """Three running brokers on an empty directory, with their own defaults."""
        if self.kind == "rabbitmq":
            return RabbitMqCluster(directory, BROKERS).start()
        return EskerCluster(directory, BROKERS, tuned=False).start()

    def arguments(self, brokers) -> list:
        """For the load generator. Publishers and consumers go to the brokers in turn."""
        known = brokers.brokers.values()
        if self.kind == "rabbitmq":
            addresses, more = [node.address for node in known], ["-ctl", rabbitmqctl(), "-node", brokers.brokers[1].name]
        else:
            addresses, more = [f"127.0.0.1:{broker.api_port}" for broker in known], ["-partitions", self.partitions]
        return [LOAD, "-system", self.kind, "-addresses", ",".join(addresses), *more]

    def environment(self, brokers) -> dict:
        """For `rabbitmqctl`, which the load generator asks how many messages are left."""
        return brokers.brokers[1].environment if self.kind == "rabbitmq" else {}


RABBITMQ = Variant("RabbitMQ, quorum queue", "rabbitmq")
VARIANTS = {v.name: v for v in (
    Variant("Esker", "esker"),
    RABBITMQ,
    Variant("Esker, 6 partitions", "esker", 6),
)}
PAIRS = [("Esker", RABBITMQ.name), ("Esker, 6 partitions", RABBITMQ.name)]
