"""A machine for pods, with an etcd and an S3 endpoint beside them."""

import os
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from harness.etcd import Etcd, etcd_binary
from harness.paths import ROOT, TESTS, binary
from harness.s3 import ACCESS_KEY, BUCKET, SECRET_KEY, S3Endpoint
from node import Node
from release import Release

NAMESPACE = "prod"
SECRET = "bucket-credentials"


def needs_root() -> None:
    if os.geteuid() != 0 and not os.environ.get("CI"):
        pytest.skip("namespaces are made by root; CI is root and always runs this")


@pytest.fixture(scope="session")
def image_root(tmp_path_factory):
    """Makes what the image holds, in a directory of its own each time, by the script that the image is made by."""
    needs_root()

    def make():
        root = tmp_path_factory.mktemp("image") / "root"
        subprocess.run([ROOT / "image" / "root.sh", binary("esker"), root], check=True, timeout=60)
        return root
    return make


@pytest.fixture
def etcd_root(tmp_path):
    """What etcd's official image holds: two programs."""
    needs_root()
    programs = tmp_path / "etcd-image" / "usr" / "local" / "bin"
    programs.mkdir(parents=True)
    shutil.copy(etcd_binary(), programs / "etcd")
    build = '. ../go.sh && exec "$go" build -trimpath -buildvcs=false -o "$0" ./etcdctl'
    subprocess.run(["bash", "-euc", build, programs / "etcdctl"], cwd=TESTS / "etcd", check=True, timeout=900)
    return tmp_path / "etcd-image"


@pytest.fixture
def node(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("the chart is Esker's")
    needs_root()
    node = Node(tmp_path, NAMESPACE)
    yield node
    node.end()


@pytest.fixture
def backing(node, tmp_path):
    """An etcd and a bucket, settings of the chart that name them, and the Secret with what the bucket wants."""
    etcd, s3 = Etcd(tmp_path, host=node.address), S3Endpoint(tmp_path, host=node.address)
    for name in ("etcd.example", "s3.example"):
        node.names.set(name, [node.address])
    values = {
        "objectStore": {"url": f"s3://{BUCKET}/prod", "endpoint": f"http://s3.example:{s3.port}", "existingSecret": {"name": SECRET}},
        "etcd": {"external": {"endpoints": [f"etcd.example:{etcd.port}"]}},
    }
    yield SimpleNamespace(etcd=etcd, s3=s3, values=values, secrets={SECRET: {"accessKeyId": ACCESS_KEY, "secretAccessKey": SECRET_KEY}})
    for part in (etcd, s3):
        if part.process.alive():
            part.process.kill()


@pytest.fixture
def make_release(node, image_root, backing):
    """Installs the chart, with more values."""
    made = []
    node.resolve_here()

    def make(wait: bool = True, roots: dict | None = None, **values) -> Release:
        made.append(Release(node, {"esker": image_root(), **(roots or {})}, {**backing.values, **values}, backing.secrets, wait))
        return made[-1]
    yield make
    panics = [line for release in made for line in release.panics()]
    for release in made:
        release.end()
    assert not panics
