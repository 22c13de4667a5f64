"""Starting and stopping an instance. Every step says what it does and how long it took."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from infra.local import airflow, broker
from infra.local.alone import alone
from infra.local.bucket import create_bucket
from infra.local.files import make_folders, remove_folders
from infra.local.instance import BUCKET, COMPONENTS, Instance
from infra.local.preflight import check_disk, check_ports
from infra.local.probes import ready, wait_until
from infra.local.processes import end_processes
from infra.local.provision import create_tables, write_settings
from infra.local.status import Component, components
from infra.local.supervisor import Supervisor
from infra.local.warehouse.tls import certificate, write_trust
from ticklake import settings as ticklake_settings
from ticklake.errors import Stop
from ticklake_io.topics import create_topics

_BACKENDS = ("api-server", "execution-api", "broker", "store", "warehouse")
_WAIT_S = 120


def up(instance: Instance) -> None:
    """Start what is missing; returns when every component is up.

    Raises `ConfigError` when something must be changed first, and leaves nothing half started then; `Stop` when components
    are not up in time, and leaves them to the supervisor, their logs to the reader.
    """
    supervisor = Supervisor(instance)
    supervisor.check()
    make_folders(instance)
    with alone(instance, "up"):
        check_disk(instance.home)
        fresh = not supervisor.running()
        if fresh:
            end_processes(instance)
            check_ports(instance)
            _empty(instance.home / "tmp")
        try:
            _start(instance, supervisor, fresh)
        except BaseException:
            if fresh:
                _stop(instance)
            raise
    with _step("all components up"):
        _wait_for_all(instance)


def _start(instance: Instance, supervisor: Supervisor, fresh: bool) -> None:
    with ThreadPoolExecutor(4) as pool:
        with _step("configuration"):
            write_settings(instance)
            airflow.write_secrets(instance)
            certificate(instance)
            write_trust(instance)
            os.environ.update(instance.environment())
            environment = instance.process_environment("up") | airflow.environment(instance)
        migrated = pool.submit(_timed, airflow.migrate, instance, environment)
        if fresh:
            with _step("broker's jars and storage"):
                broker.prepare(instance)
            with _step("supervisor"):
                supervisor.start()
        else:
            supervisor.reload()
        for name in ("store", "warehouse", "broker"):
            supervisor.start_component(name)
        _result("Airflow's database", migrated)
        for name in ("api-server", "execution-api"):
            supervisor.start_component(name)
        topics = pool.submit(_timed, _create_topics, instance)
        bucket = pool.submit(_timed, _create_bucket, instance)
        tables = pool.submit(_timed, _create_tables, instance, environment)
        _result("store and bucket", bucket)
        _result("broker and topics", topics)
        for name in ("triggerer", "producer"):
            supervisor.start_component(name)
        _result("warehouse and tables", tables)
        for name in COMPONENTS:
            supervisor.start_component(name)


def down(instance: Instance) -> None:
    """Stop everything, keeping the data. Raises `Stop` when another command does not let go of the instance."""
    with alone(instance, "down"):
        _stop(instance)


def reset(instance: Instance) -> None:
    """Stop everything and delete the instance's data, and nothing else.

    Raises `ConfigError` when the directory is no instance, `Stop` when another command does not let go of it.
    """
    with alone(instance, "reset"):
        _stop(instance)
        if instance.home.exists():
            remove_folders(instance)


def _stop(instance: Instance) -> None:
    """What wants to hand over to broker, store and warehouse goes first."""
    supervisor = Supervisor(instance)
    if supervisor.running():
        with _step("stopping components"):
            supervisor.stop_components([name for name in COMPONENTS if name not in _BACKENDS], timeout=30)
            supervisor.stop_components(_BACKENDS, timeout=30)
            supervisor.shutdown(timeout=30)
    end_processes(instance, grace_s=5)


def _wait_for_all(instance: Instance) -> None:
    """Raises `Stop` that names the components that are not up, and their logs."""
    late: list[Component] = []

    def all_up() -> bool:
        late[:] = [each for each in components(instance) if each.state != "up"]
        return not late

    if not wait_until(all_up, _WAIT_S, step=0.5):
        names = ", ".join(f"{each.name} ({each.state})" for each in late)
        raise Stop(f"not up after {_WAIT_S} s: {names}; see {instance.log_path(late[0].name)}")


def _create_topics(instance: Instance) -> None:
    _answers(instance, "broker")
    create_topics(ticklake_settings.load())


def _create_bucket(instance: Instance) -> None:
    _answers(instance, "store")
    create_bucket(instance.urls()["store"], BUCKET)


def _create_tables(instance: Instance, environment: dict[str, str]) -> None:
    _answers(instance, "warehouse")
    create_tables(environment)


def _answers(instance: Instance, name: str) -> None:
    if not wait_until(lambda: ready(instance, name), _WAIT_S):
        raise Stop(f"{name} does not answer; see {instance.log_path(name)}")


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(exist_ok=True)


@contextmanager
def _step(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    _say(what, time.monotonic() - began)


def _timed(work: Callable[..., object], *args: object) -> float:
    began = time.monotonic()
    work(*args)
    return time.monotonic() - began


def _result(what: str, seconds: Future[float]) -> None:
    _say(what, seconds.result())


def _say(what: str, seconds: float) -> None:
    print(f"  {what:<32}{seconds:6.1f} s", flush=True)
