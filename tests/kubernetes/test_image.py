"""What the image holds, by the script that makes it, run with nothing else: as process 1, its user, on a root that cannot be written."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from container import DONE_BY_ENGINE, Mount, Spec, prepare
from harness.process import Process
from harness.wait import until
from kubelet import CONTAINER, process_1

ESKER = "/usr/local/bin/esker"
USER, DATA = 65532, "/var/lib/esker"
GRACE = 30  # seconds, Kubernetes' default
ORPHAN = """
import os, sys
from container import NEWPID, LIBC
pid = int(sys.argv[1])
assert LIBC.setns(os.open(f"/proc/{pid}/ns/pid", os.O_RDONLY), 0) == 0
if child := os.fork():
    os.waitpid(child, 0)  # of the container, and gone before its own child, which process 1 inherits
    sys.exit(0)
read, write = os.pipe()
if not os.fork():
    os.close(write)
    os.read(read, 1)  # until its parent has ended
    os._exit(7)
"""


def spec(root: Path, command: list[str], env: dict | None = None, **more) -> Spec:
    return Spec(root=str(root), command=command, env=env or {}, hostname="esker", uid=USER, gid=USER, **more)


def run(root: Path, directory: Path, *command: str) -> subprocess.CompletedProcess:
    prepare(root, [])
    file = spec(root, list(command)).write(directory / "spec.json")
    return subprocess.run([sys.executable, CONTAINER, "run", file], capture_output=True, text=True, timeout=60)


def files(root: Path) -> dict[str, tuple]:
    found = sorted(path for path in root.rglob("*") if not path.is_dir())
    return {str(path.relative_to(root)): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in found}


def test_it_holds_one_program_and_what_that_needs(image_root, tmp_path):
    root = image_root()
    programs = [name for name in files(root) if os.access(root / name, os.X_OK) and not name.startswith("lib")]
    assert programs == ["usr/local/bin/esker"]
    libraries = {name.rpartition("/")[2] for name in files(root) if name.startswith("lib")}
    assert len(libraries) <= 4 and "libc.so.6" in libraries, libraries
    # A scanner finds the packages, and whoever looks for them their licences.
    recorded = {path.name for path in (root / "var/lib/dpkg/status.d").iterdir()}
    assert recorded == {"ca-certificates", "libc6", "libgcc-s1"}
    assert all("\nVersion: " in (root / "var/lib/dpkg/status.d" / name).read_text() for name in recorded)
    assert all((root / "usr/share/doc" / name / "copyright").stat().st_size for name in recorded)
    assert "BEGIN CERTIFICATE" in (root / "etc/ssl/certs/ca-certificates.crt").read_text()
    done = run(root, tmp_path, ESKER, "--version")
    assert done.returncode == 0 and done.stdout.startswith("esker "), done
    # Nothing to log in with.
    assert run(root, tmp_path, "/bin/sh").returncode == 127


@pytest.fixture
def container(node, image_root, tmp_path):
    """Starts `esker dev` in the image, as often as is asked for; its data stays."""
    network, address = node.attach()
    data, root = tmp_path / "data", image_root()
    data.mkdir()
    os.chown(data, USER, USER)
    started = []

    def start() -> Process:
        mounts = [Mount(str(data), DATA)]
        prepare(root, mounts)
        env = {"ESKER_LISTENERS__KAFKA": "0.0.0.0:9092", "ESKER_LISTENERS__KAFKA_ADVERTISED": f"{address}:9092",
               "ESKER_LISTENERS__HTTP": "0.0.0.0:9096"}
        file = spec(root, [ESKER, "dev", "--data", DATA], env, network=network, mounts=mounts).write(tmp_path / "spec.json")
        started.append(Process([sys.executable, CONTAINER, "run", file], tmp_path / "esker.log"))
        until("it is ready", lambda: well(address) or not started[-1].alive(), 60)
        assert started[-1].alive(), started[-1].log_tail()
        return started[-1]

    start.root, start.address = root, address
    yield start
    for process in started:
        if process.alive():
            os.kill(process_1(process), 9)
            process.wait(30)


def well(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}:9096/readyz", timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def test_it_runs_as_process_1_of_nobody_on_a_root_that_is_not_written(container):
    before = {name: found for name, found in files(container.root).items() if name not in DONE_BY_ENGINE}
    process = container()
    pid = process_1(process)
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert status["NSpid"].split()[-1] == "1"
    assert set(status["Uid"].split() + status["Gid"].split()) == {str(USER)} and not status["Groups"].split()
    assert {int(status[kind], 16) for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    mounted = [line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
    assert {line[4] for line in mounted if "rw" in line[5].split(",") and line[4] not in ("/proc", "/dev")} == {DATA}
    produce(container.address, 100)

    # What others leave behind is not left behind by process 1.
    done = subprocess.run([sys.executable, "-c", ORPHAN, str(pid)], env={"PYTHONPATH": str(CONTAINER.parent)}, timeout=60)
    assert done.returncode == 0
    until("the orphan is gone", lambda: others(pid) == [], 30)

    os.kill(pid, 15)
    assert process.wait(GRACE) == 0, process.log_tail()
    assert {name: found for name, found in files(container.root).items() if name not in DONE_BY_ENGINE} == before

    process = container()
    assert consume(container.address) == 100
    os.kill(process_1(process), 15)
    assert process.wait(GRACE) == 0, process.log_tail()


def others(pid: int) -> list[str]:
    """Processes of a container, ended ones too, but for its first."""
    space = os.readlink(f"/proc/{pid}/ns/pid")
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != pid:
            try:
                # Of one that has ended the namespace cannot be asked; its parent can.
                parent = entry.joinpath("stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == pid or os.readlink(entry / "ns/pid") == space:
                    found.append(entry.name)
            except OSError:
                continue
    return found


def produce(address: str, count: int) -> None:
    failed = []
    producer = Producer({"bootstrap.servers": f"{address}:9092"})
    for number in range(count):
        producer.produce("t", str(number).encode(), on_delivery=lambda error, _: failed.append(error) if error else None)
    assert producer.flush(60) == 0 and not failed, failed[:1]


def consume(address: str) -> int:
    consumer = Consumer({"bootstrap.servers": f"{address}:9092", "group.id": "g"})
    try:
        return consumer.get_watermark_offsets(TopicPartition("t", 0), 30)[1]
    finally:
        consumer.close()
