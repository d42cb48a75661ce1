"""The clusters of the suite in tests/cluster, which they are for."""

import pytest

from harness.cluster import EskerCluster


@pytest.fixture
def make_cluster(broker_kind, tmp_path):
    """Starts clusters that end with the test. No broker of them may have panicked."""
    if broker_kind != "esker":
        pytest.skip("a cluster of Esker")
    made = []

    def make(**options) -> EskerCluster:
        settings = {"archive.flush_interval_ms": 8_000, "archive.trim_delay_ms": 3_000}
        made.append(EskerCluster(tmp_path / f"cluster-{len(made)}", **{"settings": settings, **options}))
        return made[-1].start()

    yield make
    panics = [line for cluster in made for line in cluster.panics()]
    for cluster in made:
        cluster.end()
    assert not panics
