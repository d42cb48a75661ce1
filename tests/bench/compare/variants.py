"""What is compared: each durability of Esker with the nearest one of Kafka, both otherwise as they come."""

from dataclasses import dataclass
from pathlib import Path

from harness.esker import EskerBroker
from harness.kafka import KafkaBroker


@dataclass(frozen=True)
class Variant:
    name: str
    kind: str
    settings: dict
    # Megabytes a throughput run sends: slow variants need not send a gigabyte to be measured.
    megabytes: int

    def broker(self, directory: Path, extra: dict | None = None):
        """A stopped broker on an empty directory. Kafka gets the heap its own start script gives it."""
        if self.kind == "kafka":
            return KafkaBroker(directory, {**self.settings, **(extra or {})}, heap="1g", tuned=False)
        return EskerBroker(directory, {**self.settings, **(extra or {})}, tuned=False)


VARIANTS = {
    v.name: v
    for v in (
        Variant("Esker, received", "esker", {"topic_defaults.esker.mode": "received"}, 1000),
        Variant("Kafka, default", "kafka", {}, 1000),
        Variant("Esker, fsync", "esker", {"topic_defaults.esker.mode": "fsync"}, 1000),
        Variant("Kafka, flush.messages=1", "kafka", {"log.flush.interval.messages": 1}, 100),
    )
}
# Esker's variant, Kafka's variant: who is measured against whom.
PAIRS = [("Esker, received", "Kafka, default"), ("Esker, fsync", "Kafka, flush.messages=1")]
