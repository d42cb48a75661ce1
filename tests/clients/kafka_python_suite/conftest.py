"""Fetches the source distribution, which carries kafka-python's integration tests."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from harness.paths import TOOLS

VERSION = "3.0.12"

# The distribution leaves this module of the test package out; it is only for brokers that the suite starts itself.
#
# The setting: a consumer that subscribes while the answer to its first, empty metadata request is being taken in holds its
# metadata for fresh, and waits for the next refresh, five minutes later (seen in 2 of 60 runs on a busy machine: nothing but
# ApiVersions and Metadata without topics was ever asked). Tests that give up after nine seconds need the refresh sooner.
SERVICE = '''"""Stands in for the module that starts brokers: the tests run against one that is already there."""

from kafka import KafkaConsumer

KafkaConsumer.DEFAULT_CONFIG["metadata_max_age_ms"] = 1000


class ExternalService:
    def __init__(self, host, port):
        self.host, self.port = host, port

    def open(self):
        pass

    close = stop = dump_logs = open


class SpawnedService:
    pass
'''


@pytest.fixture(scope="session")
def suite() -> Path:
    """The unpacked distribution."""
    directory = TOOLS / f"kafka_python-{VERSION}"
    if not directory.exists():
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
                        "--dest", TOOLS, f"kafka-python=={VERSION}"], check=True, timeout=300)
        archive = TOOLS / f"kafka_python-{VERSION}.tar.gz"
        with tarfile.open(archive) as contents:
            contents.extractall(TOOLS, filter="data")
        archive.unlink()
    (directory / "test" / "__init__.py").touch()
    service = directory / "test" / "service.py"
    service.write_text(SERVICE)
    return directory
