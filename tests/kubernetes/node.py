"""A machine for pods: a network of its own with addresses for them, and the names that Kubernetes would give out."""

import contextlib
import os
import socket
import struct
import subprocess
import threading
from pathlib import Path

from container import bind, private_mounts, unmount

DOMAIN = "cluster.local"
RESOLV_CONF = Path("/etc/resolv.conf")
A, IN, NAME_ERROR = 1, 1, 3
private = False


def ip(*args) -> str:
    done = subprocess.run(["ip", *map(str, args)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"ip {' '.join(map(str, args))}: {done.stderr}"
    return done.stdout


class Names:
    """A name server: addresses of names, as they are now."""

    def __init__(self, address: str):
        self.records: dict[str, list[str]] = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        self.socket.settimeout(0.2)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def set(self, name: str, addresses: list[str]) -> None:
        self.records = {**self.records, name: addresses}

    def replace(self, suffix: str, records: dict[str, list[str]]) -> None:
        """What ends so is this from now on."""
        others = {name: found for name, found in self.records.items() if not name.endswith(suffix)}
        self.records = {**others, **records}

    def stop(self) -> None:
        """Nobody has the address any more: another node may be given it."""
        self.stopping.set()
        self.thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while not self.stopping.is_set():
            # Nobody asks, or whoever asked is gone by now.
            with contextlib.suppress(OSError, struct.error, IndexError, UnicodeDecodeError):
                query, client = self.socket.recvfrom(4096)
                self.socket.sendto(self._answer(query), client)

    def _answer(self, query: bytes) -> bytes:
        at, labels = 12, []
        while length := query[at]:
            labels.append(query[at + 1:at + 1 + length].decode())
            at += 1 + length
        kind, _ = struct.unpack_from(">HH", query, at + 1)
        question = query[12:at + 5]
        found = self.records.get(".".join(labels).lower())
        addresses = found if found and kind == A else []
        flags = 0x8580 | (NAME_ERROR if found is None else 0)
        header = query[:2] + struct.pack(">HHHHH", flags, 1, len(addresses), 0, 0)
        answers = [struct.pack(">HHHIH", 0xC00C, A, IN, 5, 4) + socket.inet_aton(address) for address in addresses]
        return header + question + b"".join(answers)


class Node:
    """A bridge with an address for whatever runs outside of pods; the pods' networks hang on it."""

    def __init__(self, directory: Path, namespace: str):
        self.directory, self.namespace = directory, namespace
        self.networks: list[str] = []
        self.given = 9
        self.number = self._bridge()
        self.address = f"198.18.{self.number}.1"
        self.names = Names(self.address)
        self.resolv_conf = directory / "resolv.conf"
        searched = " ".join([f"{namespace}.svc.{DOMAIN}", f"svc.{DOMAIN}", DOMAIN])
        self.resolv_conf.write_text(f"nameserver {self.address}\nsearch {searched}\noptions ndots:5\n")

    def _bridge(self) -> int:
        """198.18.0.0/15 is nobody's. The kernel says which part of it another run of these tests has."""
        for _ in range(50):
            number = os.urandom(1)[0]
            self.bridge = f"esk{number}"
            # The kernel takes its time with the networks of an earlier one.
            if list(Path("/sys/class/net").glob(f"{self.bridge}v*")):
                continue
            if subprocess.run(["ip", "link", "add", self.bridge, "type", "bridge"], capture_output=True).returncode == 0:
                ip("addr", "add", f"198.18.{number}.1/24", "dev", self.bridge)
                ip("link", "set", self.bridge, "up")
                return number
        raise RuntimeError("no bridge could be made")

    def attach(self) -> tuple[str, str]:
        """A network for one pod, and its address there; no address is given out twice."""
        self.given += 1
        assert self.given < 255
        network, outside, address = f"{self.bridge}-{self.given}", f"{self.bridge}v{self.given}", f"198.18.{self.number}.{self.given}"
        ip("netns", "add", network)
        self.networks.append(network)
        ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", network)
        ip("link", "set", outside, "master", self.bridge, "up")
        ip("-n", network, "addr", "add", f"{address}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            ip("-n", network, "link", "set", link, "up")
        return network, address

    def detach(self, network: str) -> None:
        self.networks.remove(network)
        ip("netns", "del", network)

    def resolve_here(self) -> None:
        """This thread, and what it starts, asks this node's name server from now on."""
        global private
        if not private:
            private_mounts()
            private = True
        bind(str(self.resolv_conf), str(RESOLV_CONF))
        self.bound = True

    def end(self) -> None:
        if getattr(self, "bound", False):
            unmount(str(RESOLV_CONF))
        self.names.stop()
        for network in list(self.networks):
            self.detach(network)
        ip("link", "del", self.bridge)
