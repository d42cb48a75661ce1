"""A release of the chart: what Helm renders, and what the controllers of StatefulSets, Services and Jobs make of it."""

import json
import shutil
import subprocess
import threading
import time
from pathlib import Path

from harness.paths import TESTS
from harness.wait import until
from kubelet import Objects, Pod, Task
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


class StatefulSet:
    """The pods of one, and their volumes."""

    def __init__(self, node: Node, roots: dict[str, Path], name: str):
        self.node, self.roots, self.name = node, roots, name
        self.pods: dict[int, Pod] = {}
        self.ended: list[Pod] = []
        self.after_hook = lambda pod: None

    def set(self, objects: Objects) -> None:
        """What is wanted from now on."""
        self.objects, self.spec = objects, objects.of("StatefulSet", self.name)["spec"]
        assert self.spec["podManagementPolicy"] == "Parallel" and self.spec["updateStrategy"] == {"type": "RollingUpdate"}

    def claims(self, ordinal: int) -> dict[str, Path]:
        """Volumes that outlive a pod."""
        found = {}
        for claim in self.spec.get("volumeClaimTemplates", []):
            name = claim["metadata"]["name"]
            found[name] = self.objects.claims / f"{name}-{self.name}-{ordinal}"
            found[name].mkdir(parents=True, exist_ok=True)
        return found

    def start(self, ordinal: int) -> None:
        name = f"{self.name}-{ordinal}"
        labels = {"apps.kubernetes.io/pod-index": str(ordinal), "statefulset.kubernetes.io/pod-name": name,
                  "topology.kubernetes.io/zone": ZONES[ordinal % len(ZONES)]}
        self.pods[ordinal] = Pod(self.node, self.spec["template"], name, labels, self.objects, self.roots, self.claims(ordinal))

    def stop(self, *ordinals: int) -> None:
        """At the same time."""
        ending = [self.pods[ordinal] for ordinal in ordinals]
        threads = [threading.Thread(target=pod.end) for pod in ending]
        for pod in ending:
            pod.after_hook = self.after_hook
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
        for ordinal in ordinals or self.pods:
            pod = self.pods[ordinal]

            def available(pod=pod) -> bool:
                assert not pod.events, f"{pod.name}: {pod.events}\n{pod.process.log_tail()}"
                return pod.ready and time.monotonic() - pod.ready_since >= least
            until(f"{pod.name} is available", available, READY)

    def scale(self) -> None:
        """Starts what is missing, and ends what is too much: all of them at once, as the policy `Parallel` says."""
        wanted = self.spec["replicas"]
        surplus = sorted((ordinal for ordinal in self.pods if ordinal >= wanted), reverse=True)
        for ordinal in [ordinal for ordinal in range(wanted) if ordinal not in self.pods]:
            self.start(ordinal)
        self.stop(*surplus)
        if self.spec.get("persistentVolumeClaimRetentionPolicy", {}).get("whenScaled") == "Delete":
            for ordinal in surplus:
                for claim in self.claims(ordinal).values():
                    shutil.rmtree(claim)

    def roll(self) -> None:
        """Replaces pods of another template, the highest number first, one after another."""
        for ordinal in sorted(self.pods, reverse=True):
            if self.pods[ordinal].template != self.spec["template"]:
                self.stop(ordinal)
                self.start(ordinal)
                self.await_ready(ordinal)


class Release:
    """Everything of it. `roots`: what each image holds, by its repository."""

    def __init__(self, node: Node, roots: dict[str, Path], values: dict, secrets: dict[str, dict[str, str]], wait: bool = True):
        self.node, self.roots, self.secrets = node, roots, secrets
        self.claims = node.directory / "claims"
        self.sets: dict[str, StatefulSet] = {}
        # Names outside of the cluster that lead to a service.
        self.published: dict[str, str] = {}
        self.stopping = threading.Event()
        self._render(values)
        self.endpoints = threading.Thread(target=self._endpoints, daemon=True)
        self.endpoints.start()
        for found in self.sets.values():
            found.scale()
        if wait:
            self.await_ready()

    def _render(self, values: dict) -> None:
        self.objects = Objects(render(values, self.node.directory), self.secrets, self.claims)
        for rendered in self.objects.all("StatefulSet"):
            name = rendered["metadata"]["name"]
            self.sets.setdefault(name, StatefulSet(self.node, self.roots, name)).set(self.objects)
        # The bootstrap service has the release's name, and so have the brokers.
        (bootstrap,) = [o for o in self.objects.all("Service") if o["metadata"]["labels"].get("app.kubernetes.io/component") == "bootstrap"]
        self.name = bootstrap["metadata"]["name"]
        self.bootstrap = f"{self.name}.{self.node.namespace}.svc:{next(p['port'] for p in bootstrap['spec']['ports'] if p['name'] == 'kafka')}"
        self.brokers = self.sets[self.name]

    @property
    def pods(self) -> dict[int, Pod]:
        """The brokers'."""
        return self.brokers.pods

    @property
    def ended(self) -> list[Pod]:
        """Brokers' pods that are gone."""
        return self.brokers.ended

    def await_ready(self) -> None:
        for found in self.sets.values():
            found.await_ready()

    def upgrade(self, values: dict) -> None:
        """`helm upgrade`."""
        self._render(values)
        for found in self.sets.values():
            found.scale()
            found.await_ready()
            found.roll()

    def run(self, kind: str, name: str) -> list[str]:
        """A Job, one of a CronJob, or a Pod that ends: what each of its containers says, one after another. It must succeed."""
        rendered = self.objects.of(kind, name)
        job = rendered["spec"]["jobTemplate"] if kind == "CronJob" else rendered
        template = rendered if kind == "Pod" else job["spec"]["template"]
        return Task(self.node, template, name, self.objects, self.roots).run()

    # --- names -----------------------------------------------------------------------------------------------------------

    def _endpoints(self) -> None:
        """Services follow their pods. A name of its own for each pod of a headless one, ready or not; the bootstrap service has
        those that are ready. Its name leads to them directly here: its ports must be theirs."""
        while not self.stopping.wait(0.05):
            records: dict[str, list[str]] = {}
            everybody = [(found, pod) for found in list(self.sets.values()) for pod in list(found.pods.values())]
            for service in self.objects.all("Service"):
                selected = service["spec"]["selector"].items()
                pods = [(found, pod) for found, pod in everybody if selected <= pod.labels.items()]
                assert all(port["port"] == pod.port(port["targetPort"]) for port in service["spec"]["ports"] for _, pod in pods)
                name = f"{service['metadata']['name']}.{self.node.namespace}.svc.{DOMAIN}"
                open_to_all = service["spec"].get("publishNotReadyAddresses", False)
                shown = [(found, pod) for found, pod in pods if pod.ready or open_to_all]
                records[name] = [pod.address for _, pod in shown]
                if outside := self.published.get(service["metadata"]["name"]):
                    self.node.names.set(outside, records[name])
                of_it = [pod for found, pod in shown if found.spec["serviceName"] == service["metadata"]["name"]]
                records |= {f"{pod.name}.{name}": [pod.address] for pod in of_it}
            self.node.names.replace(f".{self.node.namespace}.svc.{DOMAIN}", records)

    # --- what can be seen ------------------------------------------------------------------------------------------------

    def events(self) -> list[str]:
        """What was not as it should be."""
        pods = [pod for found in self.sets.values() for pod in [*found.ended, *found.pods.values()]]
        return [f"{pod.name}: {event}" for pod in pods for event in pod.events]

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
        for found in self.sets.values():
            for pod in found.pods.values():
                pod.kill()
