"""A page of metrics, read as Prometheus reads it."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families


class Scrape:
    """One page. Reading it fails when it is not OpenMetrics."""

    def __init__(self, *pages: str):
        self.families, self.samples = set(), {}
        for page in pages:
            for family in text_string_to_metric_families(page):
                self.families.add(family.name)
                for sample in family.samples:
                    self.samples.setdefault(sample.name, []).append((sample.labels, sample.value))

    @classmethod
    def of(cls, *brokers) -> "Scrape":
        return cls(*(broker.http("/metrics") for broker in brokers))

    def all(self, name: str, **labels) -> list[float]:
        """The values of every sample of this name with these labels."""
        found = self.samples.get(name, [])
        return [value for has, value in found if all(has.get(label) == wanted for label, wanted in labels.items())]

    def sum(self, name: str, **labels) -> float:
        return sum(self.all(name, **labels))

    def labels(self, name: str, label: str) -> set[str]:
        return {has[label] for has, _ in self.samples.get(name, [])}
