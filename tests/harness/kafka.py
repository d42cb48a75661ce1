"""A real Kafka: one broker, or a cluster; KRaft, every process both broker and controller."""

import shutil
from pathlib import Path

from confluent_kafka.admin import AdminClient

from .paths import KAFKA_LIBS
from .process import Process, accepts, free_port
from .wait import until

CLASSPATH = f"{KAFKA_LIBS}/*"

# What a test broker needs to be quick on one node; the benchmark starts from Kafka's own defaults instead.
TEST_SETTINGS = {
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    "offsets.topic.num.partitions": 8,
    "log.retention.check.interval.ms": 1000,
    "transaction.state.log.num.partitions": 8,
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": 500,
}


class KafkaBroker:
    """Kafka 4.3.1 on a directory of its own."""

    def __init__(self, directory: Path, settings: dict | None = None, heap: str = "512m", tuned: bool = True,
                 controller_port: int | None = None):
        self.directory = directory
        self.port, self.controller_port = free_port(), controller_port or free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.heap = heap
        self.config = directory / "server.properties"
        directory.mkdir(parents=True, exist_ok=True)
        properties = {
            "process.roles": "broker,controller",
            "node.id": 0,  # kafka-python's suite assigns replicas to broker 0
            "controller.quorum.voters": f"0@127.0.0.1:{self.controller_port}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": directory / "data",
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            **(TEST_SETTINGS if tuned else {}),
            **(settings or {}),
        }
        self.config.write_text("".join(f"{k}={v}\n" for k, v in properties.items()))
        self.process: Process | None = None

    def prepare(self) -> "KafkaBroker":
        """Formats an empty directory, which a first start needs."""
        if not (self.directory / "data").exists():
            formatting = Process(self._java("kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk",
                                            "-c", self.config), self.directory / "kafka.log")
            assert formatting.wait(60) == 0, formatting.log_tail()
        return self

    def start(self, timeout: float = 60) -> "KafkaBroker":
        """Starts it and waits until it accepts connections."""
        self.launch()
        until("Kafka accepts connections", lambda: self._check_alive() and accepts(self.port), timeout)
        return self

    def launch(self) -> None:
        """Starts it."""
        self.prepare()
        options = ["-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35",
                   "-XX:+ExplicitGCInvokesConcurrent", f"-Xmx{self.heap}", f"-Xms{self.heap}"]
        self.process = Process(self._java("kafka.Kafka", self.config, options=options), self.directory / "kafka.log")

    def stop(self) -> None:
        if self.process:
            self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def remove(self) -> None:
        """Stops it and deletes what it stored."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _check_alive(self) -> bool:
        assert self.process.alive(), f"Kafka exited:\n{self.process.log_tail()}"
        return True

    @staticmethod
    def _java(main: str, *args, options=()) -> list:
        return ["java", *options, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", CLASSPATH, main, *args]


class KafkaCluster:
    """Brokers 1 to N; every topic, also the internal ones, on three of them."""

    def __init__(self, directory: Path, brokers: int = 3, settings: dict | None = None, heap: str = "512m", tuned: bool = True):
        controllers = {number: free_port() for number in range(1, brokers + 1)}
        replicas = min(3, brokers)
        common = {
            "controller.quorum.voters": ",".join(f"{number}@127.0.0.1:{port}" for number, port in controllers.items()),
            "default.replication.factor": replicas,
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": min(2, replicas),
            **(settings or {}),
        }
        self.brokers = {
            number: KafkaBroker(directory / f"broker-{number}", {**common, "node.id": number}, heap, tuned, port)
            for number, port in controllers.items()
        }

    @property
    def bootstrap(self) -> str:
        return ",".join(broker.bootstrap for broker in self.brokers.values())

    def start(self) -> "KafkaCluster":
        for number in self.brokers:
            self.launch(number)
        self.await_whole(120)
        return self

    def launch(self, number: int) -> KafkaBroker:
        self.brokers[number].launch()
        return self.brokers[number]

    def await_whole(self, timeout: float = 60) -> None:
        """Every broker is there, and every replica in sync."""
        until("all brokers and replicas are there", self._whole, timeout, interval=0.2)

    def _whole(self) -> bool:
        if not all(accepts(broker.port) for broker in self.brokers.values()):
            return False
        found = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0}).list_topics(timeout=10)
        partitions = (p for topic in found.topics.values() for p in topic.partitions.values())
        return len(found.brokers) == len(self.brokers) and all(len(p.isrs) == len(p.replicas) for p in partitions)

    def end(self) -> None:
        for broker in self.brokers.values():
            if broker.process and broker.process.alive():
                broker.kill()
