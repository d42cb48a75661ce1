"""Where things are. Everything fetched or built lives outside the source tree."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
TOOLS = ROOT / ".tools"
KAFKA_LIBS = TOOLS / "kafka-4.3.1"
JAVA_CLIENTS = TOOLS / "java"
NODE_CLIENTS = TESTS / "clients" / "node"


def binary(name: str) -> Path:
    """A binary of this workspace: from ESKER_BIN_DIR, else from the profile the tests build."""
    return Path(os.environ.get("ESKER_BIN_DIR", ROOT / "target" / "quick")) / name
