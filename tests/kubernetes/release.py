"""A release of the chart: what Helm renders, what the controllers of StatefulSets and Services make of it."""

import json
import shutil
import subprocess
import threading
import time
from pathlib import Path

from harness.paths import TESTS
from harness.wait import until
from kubelet import Objects, Pod
from node import DOMAIN, Node

ZONES = ["a", "b", "c"]
READY = 120  # seconds that a pod may take


def render(values: dict, directory: Path) -> list[dict]:
    """By Helm's own engine."""
    file = directory / "values.json"
    file.write_text(json.dumps(values))
    script = '. ../go.sh && exec "$go" run ./cmd/render "$0"'
    done = subprocess.run(["bash", "-euc", script, str(file)], cwd=TESTS / "helm", capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Release:
    """The brokers' StatefulSet and its pods."""

    def __init__(self, node: Node, root: Path, values: dict, secrets: dict[str, dict[str, str]], wait: bool = True):
        self.node, self.root, self.secrets = node, root, secrets
        self.pods: dict[int, Pod] = {}
        self.ended: list[Pod] = []
        self.serving: list[str] = []
        self.stopping = threading.Event()
        self._render(values)
        self.endpoints = threading.Thread(target=self._endpoints, daemon=True)
        self.endpoints.start()
        self._scale(wait)

    def _render(self, values: dict) -> None:
        self.objects = Objects(render(values, self.node.directory), self.secrets)
        self.set = self.objects.of("StatefulSet", self.objects.of("PodDisruptionBudget")["metadata"]["name"])
        self.spec = self.set["spec"]
        assert self.spec["podManagementPolicy"] == "Parallel" and self.spec["updateStrategy"] == {"type": "RollingUpdate"}
        self.name = self.set["metadata"]["name"]

    # --- pods ------------------------------------------------------------------------------------------------------------

    def _claims(self, ordinal: int) -> dict[str, Path]:
        """Volumes that outlive a pod."""
        claims = {}
        for claim in self.spec.get("volumeClaimTemplates", []):
            name = claim["metadata"]["name"]
            claims[name] = self.node.directory / "claims" / f"{name}-{self.name}-{ordinal}"
            claims[name].mkdir(parents=True, exist_ok=True)
        return claims

    def _start(self, ordinal: int) -> None:
        name = f"{self.name}-{ordinal}"
        labels = {"apps.kubernetes.io/pod-index": str(ordinal), "statefulset.kubernetes.io/pod-name": name,
                  "topology.kubernetes.io/zone": ZONES[ordinal % len(ZONES)]}
        self.pods[ordinal] = Pod(self.node, self.spec["template"], name, labels, self.objects, self.root, self._claims(ordinal))

    def _end(self, *ordinals: int) -> None:
        """At the same time."""
        ending = [self.pods[ordinal] for ordinal in ordinals]
        threads = [threading.Thread(target=pod.end) for pod in ending]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for ordinal, pod in zip(ordinals, ending):
            assert pod.over, f"{pod.name} has not ended: {pod.events}"
            del self.pods[ordinal]
            self.ended.append(pod)

    def await_ready(self, *ordinals: int) -> None:
        """Ready for as long as counts as available."""
        least = self.spec.get("minReadySeconds", 0)
        for ordinal in ordinals:
            pod = self.pods[ordinal]

            def available(pod=pod) -> bool:
                assert not pod.events, f"{pod.name}: {pod.events}\n{pod.process.log_tail()}"
                return pod.ready and time.monotonic() - pod.ready_since >= least
            until(f"{pod.name} is available", available, READY)

    def _scale(self, wait: bool = True) -> None:
        wanted = self.spec["replicas"]
        surplus = sorted((ordinal for ordinal in self.pods if ordinal >= wanted), reverse=True)
        missing = [ordinal for ordinal in range(wanted) if ordinal not in self.pods]
        for ordinal in missing:
            self._start(ordinal)
        self._end(*surplus)
        if self.spec.get("persistentVolumeClaimRetentionPolicy", {}).get("whenScaled") == "Delete":
            for ordinal in surplus:
                for claim in self._claims(ordinal).values():
                    shutil.rmtree(claim)
        if wait:
            self.await_ready(*range(wanted))

    def upgrade(self, values: dict) -> None:
        """`helm upgrade`: pods of another template are replaced, the highest number first, one after another."""
        self._render(values)
        self._scale()
        for ordinal in sorted(self.pods, reverse=True):
            if self.pods[ordinal].template != self.spec["template"]:
                self._end(ordinal)
                self._start(ordinal)
                self.await_ready(ordinal)

    # --- names -----------------------------------------------------------------------------------------------------------

    def _endpoints(self) -> None:
        """Services follow their pods. A name of its own for each pod of the headless one, ready or not; the bootstrap service has
        those that are ready. Its name leads to them directly here: its ports must be theirs."""
        while not self.stopping.wait(0.05):
            records: dict[str, list[str]] = {}
            for service in [o for o in self.objects.rendered if o["kind"] == "Service"]:
                pods = [pod for pod in list(self.pods.values()) if service["spec"]["selector"].items() <= pod.labels.items()]
                assert all(port["port"] == pod.port(port["targetPort"]) for port in service["spec"]["ports"] for pod in pods)
                name = f"{service['metadata']['name']}.{self.node.namespace}.svc.{DOMAIN}"
                open_to_all = service["spec"].get("publishNotReadyAddresses", False)
                records[name] = [pod.address for pod in pods if pod.ready or open_to_all]
                if service["metadata"]["name"] == self.spec["serviceName"]:
                    records |= {f"{pod.name}.{name}": [pod.address] for pod in pods}
            self.node.names.replace(f".{self.node.namespace}.svc.{DOMAIN}", records)

    # --- what can be seen ------------------------------------------------------------------------------------------------

    def events(self) -> list[str]:
        """What was not as it should be."""
        return [f"{pod.name}: {event}" for pod in [*self.ended, *self.pods.values()] for event in pod.events]

    def status(self) -> dict | None:
        """`kubectl exec ... esker cluster status` in the first pod."""
        done = self.pods[0].exec("/usr/local/bin/esker", "cluster", "status", "--output", "json", timeout=30)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def panics(self) -> list[str]:
        logs = self.node.directory.glob(f"{self.name}-*.log")
        return [line for log in logs for line in log.read_text(errors="replace").splitlines() if "panicked at" in line]

    def end(self) -> None:
        self.stopping.set()
        self.endpoints.join()
        for pod in self.pods.values():
            pod.kill()
