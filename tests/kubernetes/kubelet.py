"""What a kubelet does with a pod: its environment, files, user, probes, hooks and its end, as rendered.

Whatever of a pod this does not know fails the test: a part of the chart that nothing here runs would be one that nobody ran."""

import base64
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from container import Mount, Spec, prepare
from harness.process import Process
from node import Node

CONTAINER = Path(__file__).with_name("container.py")
REFERENCE = re.compile(r"\$(\$|\(([A-Za-z_][A-Za-z0-9_.-]*)\))")
# Nothing of these is to be done here: images, where pods go, what they may take.
NOT_DONE = {
    "pod": {"serviceAccountName", "automountServiceAccountToken", "topologySpreadConstraints", "affinity", "nodeSelector", "tolerations",
            "priorityClassName", "imagePullSecrets"},
    "container": {"image", "imagePullPolicy", "resources", "ports"},
}
DONE = {
    "pod": {"containers", "initContainers", "volumes", "terminationGracePeriodSeconds", "securityContext", "enableServiceLinks",
            "restartPolicy", "activeDeadlineSeconds"},
    "container": {"name", "command", "args", "env", "volumeMounts", "startupProbe", "readinessProbe", "livenessProbe", "lifecycle",
                  "securityContext"},
}
LEAST_AFTER_HOOK = 2  # seconds that a container gets in any case, of Kubernetes


def known(what: str, given: dict) -> None:
    more = set(given) - DONE[what] - NOT_DONE[what]
    assert not more, f"the tests do not know what a kubelet does with {sorted(more)} of a {what}"


def expand(text: str, variables: dict[str, str]) -> str:
    """`$(NAME)` as Kubernetes does it; `$$` is a dollar; what is not set stays as it is."""
    def one(found: re.Match) -> str:
        return "$" if found[1] == "$" else variables.get(found[2], found[0])
    return REFERENCE.sub(one, text)


def process_1(container: Process) -> int:
    """Its process 1, seen from outside."""
    return int(Path(f"/proc/{container.pid}/task/{container.pid}/children").read_text().split()[0])


@dataclass
class Objects:
    """What a release has in its namespace: what was rendered, and what was there."""

    rendered: list[dict]
    secrets: dict[str, dict[str, str]]
    # Where volumes are that outlive pods.
    claims: Path

    def volume(self, claim: str) -> Path:
        """Of a claim that was rendered."""
        at = self.claims / self.of("PersistentVolumeClaim", claim)["metadata"]["name"]
        at.mkdir(parents=True, exist_ok=True)
        return at

    def all(self, kind: str) -> list[dict]:
        return [rendered for rendered in self.rendered if rendered["kind"] == kind]

    def of(self, kind: str, name: str) -> dict:
        (found,) = [rendered for rendered in self.all(kind) if rendered["metadata"]["name"] == name]
        return found

    def files(self, volume: dict) -> dict[str, bytes]:
        """Of a ConfigMap or Secret."""
        if "configMap" in volume:
            source, config = volume["configMap"], self.of("ConfigMap", volume["configMap"]["name"])
            data = {**{k: v.encode() for k, v in config.get("data", {}).items()},
                    **{k: base64.b64decode(v) for k, v in config.get("binaryData", {}).items()}}
        else:
            source = volume["secret"]
            data = {k: v.encode() for k, v in self.secrets[source["secretName"]].items()}
        if items := source.get("items"):
            return {item["path"]: data[item["key"]] for item in items}
        return data


@dataclass
class Probe:
    """A probe, its state, and what it last said."""

    rendered: dict
    failures: int = 0
    said: str = "was not asked"

    def number(self, key: str, default: int) -> int:
        return self.rendered.get(key) or default


class Sandbox:
    """What the containers of a pod share: its network and name, its labels and volumes. Makes of a rendered container what is run."""

    def __init__(self, node: Node, template: dict, name: str, labels: dict[str, str], objects: Objects, roots: dict[str, Path],
                 claims: dict[str, Path]):
        self.node, self.name, self.objects, self.roots = node, name, objects, roots
        self.template, self.pod, self.labels = template, template["spec"], {**template["metadata"]["labels"], **labels}
        self.annotations = template["metadata"].get("annotations", {})
        known("pod", self.pod)
        self.directory = node.directory / name / f"{node.given + 1}"
        self.directory.mkdir(parents=True)
        self.log = node.directory / f"{name}.log"
        self.network, self.address = node.attach()
        # What a person would see as warnings of the pod.
        self.events: list[str] = []
        self.volumes = self._volumes(claims)

    def spec(self, container: dict) -> Path:
        """The file that says how to run it."""
        known("container", container)
        root, mounts = self._root(container["image"]), self._mounts(container)
        prepare(root, mounts)
        security = {**self.pod["securityContext"], **container["securityContext"]}
        assert security["runAsNonRoot"] and security["runAsUser"] != 0
        env = self._environment(container)
        command = [expand(word, env) for word in [*container["command"], *container.get("args", [])]]
        return Spec(
            root=str(root), command=command, env=env, hostname=self.name, network=self.network, mounts=mounts,
            uid=security["runAsUser"], gid=security["runAsGroup"], groups=[security["fsGroup"]],
            readonly_root=security["readOnlyRootFilesystem"], drop_capabilities=security["capabilities"] == {"drop": ["ALL"]},
            no_new_privileges=not security["allowPrivilegeEscalation"],
        ).write(self.directory / f"{container['name']}.json")

    def _root(self, image: str) -> Path:
        """What the image holds: tests have one of each repository."""
        return self.roots[image.partition("@")[0].rpartition(":")[0]]

    def _environment(self, container: dict) -> dict[str, str]:
        """Of the engine, of the cluster, and what is rendered, in its order. Nothing of this process."""
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": self.name,
               "KUBERNETES_SERVICE_HOST": "198.19.0.1", "KUBERNETES_SERVICE_PORT": "443", "KUBERNETES_PORT": "tcp://198.19.0.1:443"}
        assert self.pod["enableServiceLinks"] is False, "variables of services would be set"
        for variable in container.get("env", []):
            if "valueFrom" in variable:
                env[variable["name"]] = self._value_from(variable["valueFrom"])
            else:
                env[variable["name"]] = expand(variable.get("value", ""), env)
        return env

    def _value_from(self, source: dict) -> str:
        ((kind, what),) = source.items()
        if kind == "secretKeyRef":
            return self.objects.secrets[what["name"]][what["key"]]
        assert kind == "fieldRef", source
        path = what["fieldPath"]
        if found := re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path):
            return getattr(self, found[1]).get(found[2], "")
        return {"metadata.name": self.name, "metadata.namespace": self.node.namespace, "status.podIP": self.address}[path]

    def _volumes(self, claims: dict[str, Path]) -> dict[str, Path]:
        """Where each of them is, with the group that the pod wants for its files."""
        group = self.pod["securityContext"]["fsGroup"]
        found = dict(claims)
        for volume in self.pod.get("volumes", []):
            if "persistentVolumeClaim" in volume:
                found[volume["name"]] = self.objects.volume(volume["persistentVolumeClaim"]["claimName"])
                continue
            at = self.directory / "volumes" / volume["name"]
            at.mkdir(parents=True)
            found[volume["name"]] = at
            if "emptyDir" not in volume:
                for name, content in self.objects.files(volume).items():
                    (at / name).write_bytes(content)
                    os.chown(at / name, 0, group)
                    (at / name).chmod(0o640)
        for source in found.values():
            os.chown(source, 0, group)
            source.chmod(0o2775)
        return found

    def _mounts(self, container: dict) -> list[Mount]:
        hosts = self.directory / "hosts"
        hosts.write_text(f"127.0.0.1\tlocalhost\n{self.address}\t{self.name}\n")
        mounts = [Mount(str(hosts), "/etc/hosts"), Mount(str(self.node.resolv_conf), "/etc/resolv.conf", True)]
        # Outer ones first: others are mounted inside of them.
        for mount in sorted(container.get("volumeMounts", []), key=lambda mount: mount["mountPath"]):
            assert set(mount) <= {"name", "mountPath", "readOnly"}, mount
            mounts.append(Mount(str(self.volumes[mount["name"]]), mount["mountPath"], mount.get("readOnly", False)))
        return mounts


class Task(Sandbox):
    """A pod that ends by itself, its containers one after another."""

    def __init__(self, node: Node, template: dict, name: str, objects: Objects, roots: dict[str, Path]):
        super().__init__(node, template, name, {}, objects, roots, {})

    RESTARTS = 3

    def _one(self, container: dict, restarts: int) -> str:
        argv = [sys.executable, CONTAINER, "run", self.spec(container)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
        if done.returncode != 0 and restarts > 0:
            return self._one(container, restarts - 1)
        assert done.returncode == 0, f"{self.name}/{container['name']}: {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def run(self) -> list[str]:
        said = []
        try:
            for container in [*self.pod.get("initContainers", []), *self.pod["containers"]]:
                said.append(self._one(container, self.RESTARTS if self.pod["restartPolicy"] == "OnFailure" else 0))
        finally:
            self.node.detach(self.network)
        return said


class Pod(Sandbox):
    """A pod of one container, from its start to its end. It never comes back: another of the same name does."""

    def __init__(self, *args):
        super().__init__(*args)
        (self.container,) = self.pod["containers"]
        assert "initContainers" not in self.pod
        self.grace = self.pod.get("terminationGracePeriodSeconds", 30)
        self.started = self.ready = self.ending = self.over = False
        self.ready_since = 0.0
        self.hook_seconds = self.end_seconds = 0.0
        self.exit_code: int | None = None
        # For a test that looks at it before it is told to end.
        self.after_hook: Callable[[Pod], None] = lambda _: None
        self.file = self.spec(self.container)
        self._launch()
        self.watch = threading.Thread(target=self._watch, daemon=True)
        self.watch.start()

    def _launch(self) -> None:
        self.process = Process([sys.executable, CONTAINER, "run", self.file], self.log)

    # --- its life --------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Asks the probes in their intervals: the startup probe alone until it has succeeded."""
        probes = {kind: Probe(self.container[f"{kind}Probe"]) for kind in ("startup", "readiness", "liveness")}
        due = {kind: time.monotonic() + probe.number("initialDelaySeconds", 0) for kind, probe in probes.items()}
        while not self.ending:
            if not self.process.alive():
                self._restart()
                probes = {kind: Probe(probe.rendered) for kind, probe in probes.items()}
                continue
            for kind, probe in probes.items():
                if (kind == "startup") == self.started or time.monotonic() < due[kind]:
                    continue
                due[kind] = time.monotonic() + probe.number("periodSeconds", 10)
                well = self._ask(probe)
                failed = probe.failures >= probe.number("failureThreshold", 3)
                if kind == "startup":
                    self.started = well
                elif kind == "readiness" and (well or failed):
                    if well and not self.ready:
                        self.ready_since = time.monotonic()
                    elif failed and self.ready and not self.ending:
                        self.events.append(f"is not ready any more: {probe.said}")
                    self.ready = well and not self.ending
                if failed and kind != "readiness" and not self.ending:
                    self.events.append(f"{kind}: {probe.said}: killed")
                    os.kill(self.pid(), 9)
            time.sleep(0.05)

    def _restart(self) -> None:
        """At once; again and again it would be later and later, which no test here waits for."""
        self.started = self.ready = False
        self.events.append(f"the container ended with {self.process.popen.returncode}:\n{self.process.log_tail(5)}")
        assert len(self.events) < 20, self.events
        self._launch()

    def _ask(self, probe: Probe) -> bool:
        handler = probe.rendered["httpGet"]
        assert set(handler) <= {"path", "port", "scheme"}, handler
        url = f"http://{self.address}:{self.port(handler['port'])}{handler['path']}"
        try:
            with urllib.request.urlopen(url, timeout=probe.number("timeoutSeconds", 1)) as response:
                probe.said, well = str(response.status), True
        except (OSError, urllib.error.URLError) as error:
            probe.said, well = f"{url}: {error}", False
        probe.failures = 0 if well else probe.failures + 1
        return well

    def port(self, port: int | str) -> int:
        """Of the container, by its name."""
        if isinstance(port, int):
            return port
        return next(given["containerPort"] for given in self.container["ports"] if given["name"] == port)

    def pid(self) -> int:
        """Of the container's process 1, seen from outside."""
        return process_1(self.process)

    def exec(self, *command: str, timeout: float = 120) -> subprocess.CompletedProcess:
        """`kubectl exec`."""
        argv = [sys.executable, CONTAINER, "exec", self.file, self.pid(), *command]
        return subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=timeout)

    # --- its end ---------------------------------------------------------------------------------------------------------

    def end(self) -> None:
        """The hook, SIGTERM, and at the end of the grace period SIGKILL."""
        began = time.monotonic()
        self.ready, self.ending = False, True
        self.watch.join()
        if "lifecycle" in self.container:
            self._hook(self.container["lifecycle"]["preStop"]["exec"]["command"])
        self.hook_seconds = time.monotonic() - began
        self.after_hook(self)
        told = time.monotonic()
        os.kill(self.pid(), 15)
        try:
            self.exit_code = self.process.wait(max(self.grace - self.hook_seconds, LEAST_AFTER_HOOK))
        except subprocess.TimeoutExpired:
            self.events.append("did not end in its grace period: killed")
            self.kill()
            self.exit_code = -9
        if self.exit_code != 0:
            self.events.append(f"exit code {self.exit_code}")
        self.end_seconds = time.monotonic() - told
        self.node.detach(self.network)
        self.over = True

    def _hook(self, command: list[str]) -> None:
        try:
            done = self.exec(*command, timeout=self.grace)
            if done.returncode != 0:
                self.events.append(f"the hook failed: {done.returncode}: {done.stdout}{done.stderr}")
        except subprocess.TimeoutExpired:
            self.events.append("the hook took the whole grace period")

    def kill(self) -> None:
        """At once, with everything in it."""
        self.ending = True
        if self.process.alive():
            os.kill(self.pid(), 9)
            self.process.wait(30)

