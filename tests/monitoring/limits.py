"""Limits that an operator sets for a process, lowered while it runs: what the kernel then refuses to it is refused for real."""

import contextlib
import os
import subprocess
from collections.abc import Iterator

from harness.esker import EskerBroker

# The kernel holds nobody's threads against root. So who runs the tests as root runs the broker as another user, who may use root's files.
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+dac_override",
             "--ambient-caps=-all,+dac_override") if os.geteuid() == 0 else ()
# A file that may not grow is to be an error of a write, as a disk's are; by itself the kernel ends the process.
HELD_TO_LIMITS = ("env", "--ignore-signal=XFSZ", *AS_NOBODY)


def _prlimit(broker: EskerBroker, *args: str) -> str:
    # By the same user: root may do it to others only with a capability that containers do not have.
    return subprocess.run([*AS_NOBODY, "prlimit", "--pid", str(broker.process.pid), *args], check=True, capture_output=True, text=True, timeout=30).stdout


def limit(broker: EskerBroker, name: str, most: int | str) -> None:
    """Sets one of prlimit(1)'s limits; the hard one stays, so that it can be raised again."""
    _prlimit(broker, f"--{name}={most}:")


@contextlib.contextmanager
def limited(broker: EskerBroker, name: str, most: int) -> Iterator[None]:
    """For as long as it lasts, of one process: which must outlive it."""
    before = _prlimit(broker, f"--{name}", "--output=SOFT", "--noheadings", "--raw").strip()
    limit(broker, name, most)
    try:
        yield
    finally:
        limit(broker, name, before)
