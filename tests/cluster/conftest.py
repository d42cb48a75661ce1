"""The cluster that a test damages."""

import pytest

from harness.cluster import EskerCluster
from workload import FLUSH_SOON


@pytest.fixture
def make_cluster(broker_kind, tmp_path):
    """Starts clusters that end with the test. No broker of them may have panicked."""
    if broker_kind != "esker":
        pytest.skip("a cluster of Esker")
    made = []

    def make(**options) -> EskerCluster:
        made.append(EskerCluster(tmp_path / f"cluster-{len(made)}", **{"settings": FLUSH_SOON, **options}))
        return made[-1].start()

    yield make
    panics = [line for cluster in made for line in cluster.panics()]
    for cluster in made:
        cluster.end()
    assert not panics
