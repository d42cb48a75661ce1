"""A container without a container engine: namespaces, a root directory, mounts, a user, and nothing else.

As a program: `container.py run SPEC` starts the command of a JSON file (see `Spec`) as process 1 of a container and ends as it
ends; `container.py exec SPEC PID COMMAND...` runs a command beside process 1, which has that pid outside. Root only. Of what an
engine does, seccomp profiles and control groups are not done."""

import ctypes
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWUTS, NEWIPC, NEWPID = 0x20000, 0x4000000, 0x8000000, 0x20000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
DETACH = 2
PDEATHSIG, CAPBSET_DROP, NO_NEW_PRIVS = 1, 24, 38
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}[os.uname().machine]
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}
# Files that an engine makes in every container.
DONE_BY_ENGINE = {"etc/hosts", "etc/resolv.conf"}
LAST_CAPABILITY = Path("/proc/sys/kernel/cap_last_cap")


@dataclass
class Mount:
    """A file or directory of the machine, somewhere in the container."""

    source: str
    target: str
    readonly: bool = False


@dataclass
class Spec:
    """What is run."""

    root: str
    command: list[str]
    env: dict[str, str]
    hostname: str
    uid: int
    gid: int
    groups: list[int] = field(default_factory=list)
    # Of `ip netns`; empty for the machine's own network.
    network: str = ""
    mounts: list[Mount] = field(default_factory=list)
    readonly_root: bool = True
    drop_capabilities: bool = True
    no_new_privileges: bool = True

    def write(self, path: Path) -> Path:
        path.write_text(json.dumps(asdict(self)))
        return path

    @staticmethod
    def read(path: str) -> "Spec":
        fields = json.loads(Path(path).read_text())
        return Spec(**{**fields, "mounts": [Mount(**mount) for mount in fields["mounts"]]})


def _call(name: str, *args) -> None:
    args = [os.fsencode(a) if isinstance(a, str) else a for a in args]
    if getattr(LIBC, name)(*args) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}{args}: {os.strerror(error)}")


def private_mounts() -> None:
    """From here on this thread, and what it starts, has its own view of the file system."""
    _call("unshare", NEWNS)
    _call("mount", None, "/", None, REC | PRIVATE, None)


def bind(source: str, target: str, readonly: bool = False) -> None:
    _call("mount", source, target, None, BIND | REC, None)
    if readonly:
        _call("mount", None, target, None, REMOUNT | BIND | RDONLY | NOSUID | NODEV, None)


def unmount(target: str) -> None:
    _call("umount2", target, DETACH)


def prepare(root: Path, mounts: list[Mount]) -> None:
    """Makes what things are mounted on, as an engine does in the container's own layer."""
    for name in ("proc", "dev", "sys"):
        (root / name).mkdir(exist_ok=True)
    for mount in mounts:
        at = root / mount.target.lstrip("/")
        if Path(mount.source).is_dir():
            at.mkdir(parents=True, exist_ok=True)
        else:
            at.parent.mkdir(parents=True, exist_ok=True)
            at.touch()


def _enter_root(spec: Spec) -> None:
    root = spec.root
    bind(root, root)
    _call("mount", "proc", f"{root}/proc", "proc", NOSUID | NODEV | NOEXEC, None)
    _call("mount", "tmpfs", f"{root}/dev", "tmpfs", NOSUID | NOEXEC, "size=64k,mode=755")
    for name, (major, minor) in DEVICES.items():
        os.mknod(f"{root}/dev/{name}", 0o20666, os.makedev(major, minor))
        os.chmod(f"{root}/dev/{name}", 0o666)
    for mount in spec.mounts:
        bind(mount.source, root + mount.target, mount.readonly)
    if spec.readonly_root:
        _call("mount", None, root, None, REMOUNT | BIND | RDONLY, None)
    os.chdir(root)
    if LIBC.syscall(PIVOT_ROOT, b".", b".") != 0:
        raise OSError(ctypes.get_errno(), "pivot_root")
    unmount(".")
    os.chdir("/")


def _become(spec: Spec, command: list[str]) -> None:
    """The user and the command; does not come back."""
    if spec.drop_capabilities:
        for capability in range(int(LAST_CAPABILITY.read_text()) + 1):
            _call("prctl", CAPBSET_DROP, capability, 0, 0, 0)
    if spec.no_new_privileges:
        _call("prctl", NO_NEW_PRIVS, 1, 0, 0, 0)
    os.setgroups(spec.groups)
    os.setresgid(spec.gid, spec.gid, spec.gid)
    os.setresuid(spec.uid, spec.uid, spec.uid)
    # After the change of user, which forgets it: no container outlives who started it.
    _call("prctl", PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execve(command[0], command, spec.env)


def _end_as(pid: int) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


def _child(work) -> None:
    pid = os.fork()
    if pid:
        _end_as(pid)
    try:
        work()
    except BaseException as error:
        print(f"the container cannot be started: {error!r}", file=sys.stderr, flush=True)
    os._exit(127)


def run(spec: Spec) -> None:
    if spec.network:
        with open(f"/run/netns/{spec.network}") as network:
            _call("setns", network.fileno(), 0)
    _call("unshare", NEWPID | NEWUTS | NEWIPC)
    private_mounts()
    name = spec.hostname.encode()
    _call("sethostname", name, len(name))

    def start():
        _enter_root(spec)
        _become(spec, spec.command)

    _child(start)


def enter(spec: Spec, pid: int, command: list[str]) -> None:
    """Runs a command in the container of that process."""
    spaces = [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY) for kind in ("net", "uts", "ipc", "pid", "mnt")]
    for space in spaces:
        _call("setns", space, 0)
        os.close(space)
    os.chdir("/")
    _child(lambda: _become(spec, command))


if __name__ == "__main__":
    what, given, *rest = sys.argv[1:]
    if what == "run":
        run(Spec.read(given))
    else:
        enter(Spec.read(given), int(rest[0]), rest[1:])
