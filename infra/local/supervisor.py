"""The supervisor: supervisord with a generated configuration, spoken to through a socket in the instance's directory."""

from __future__ import annotations

import shlex
import subprocess
import sys
import xmlrpc.client
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from infra.local.instance import COMPONENT_VARIABLE, COMPONENTS, ROOT, Instance
from infra.local.probes import wait_until
from ticklake.clock import SystemClock
from ticklake.errors import ConfigError, Stop

_LONGEST_SOCKET = 100
"""A Unix socket's path may have about 107 bytes; the supervisor appends its pid while it makes one."""

_HEAD = """\
[supervisord]
logfile={log}
logfile_maxbytes=5MB
logfile_backups=1
pidfile={run}/supervisor.pid
identifier=ticklake

[unix_http_server]
file={socket}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

# startsecs=0: a component that dies at once is started again for ever, it is never given up as FATAL.
# stopwaitsecs: longer than the 20 s of TICKLAKE_SHUTDOWN_S.
_PROGRAM = """
[program:{name}]
command={command}
directory={root}
environment={variable}="{name}"
autostart=false
autorestart=true
startsecs=0
stopwaitsecs=25
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
"""


@dataclass(frozen=True)
class Supervised:
    """A component as the supervisor sees it; `started_at` in seconds since 1970, `pid` None when there is no process."""

    name: str
    running: bool
    pid: int | None
    started_at: float


class Supervisor:
    """The supervisor of one instance, which may not be running."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._socket = instance.home / "run" / "supervisor.sock"
        self._config = instance.home / "run" / "supervisor.conf"

    def check(self) -> None:
        """Raises `ConfigError` when the instance's directory lies too deep for a socket."""
        if len(bytes(self._socket)) > _LONGEST_SOCKET:
            raise ConfigError(f"{self._socket} is too long for a Unix socket; set TICKLAKE_HOME to a directory with a shorter path")

    def start(self) -> None:
        """Start the supervisor, in a session of its own, with all components stopped.

        Raises `Stop` when it does not answer within 15 seconds.
        """
        self._config.write_text(self._configuration())
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config)]
        environment = self._instance.process_environment("supervisor")
        with self._instance.log_path("supervisor").open("a") as log:
            subprocess.run(command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, check=False)
        if not wait_until(self.running, 15, step=0.05):
            raise Stop(f"the supervisor does not start; see {self._instance.log_path('supervisor')}")

    def reload(self) -> None:
        """Bring a running supervisor to the present configuration; components that it changes are stopped.

        Raises `Stop` when the supervisor refuses.
        """
        self._config.write_text(self._configuration())
        try:
            ((added, changed, removed),) = self._call("reloadConfig")
            for name in (*changed, *removed):
                self._call("stopProcessGroup", name)
                self._call("removeProcessGroup", name)
            for name in (*added, *changed):
                self._call("addProcessGroup", name)
        except xmlrpc.client.Fault as fault:
            raise Stop(f"the running supervisor refuses its new configuration ({fault.faultString}); run make down first") from None

    def running(self) -> bool:
        """Whether the supervisor answers."""
        if not self._socket.exists():
            return False
        try:
            self._call("getState")
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def start_component(self, name: str) -> None:
        """Start a component that is not running."""
        try:
            self._call("startProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise

    def stop_components(self, names: Sequence[str], timeout: float) -> None:
        """Stop components, all at once; returns when they have ended or after `timeout` seconds."""
        for name in names:
            try:
                self._call("stopProcess", name, False)
            except xmlrpc.client.Fault as fault:
                # A supervisor that was started by an older checkout may not know the component.
                if not fault.faultString.startswith(("NOT_RUNNING", "BAD_NAME")):
                    raise
        wait_until(lambda: not any(each.pid for each in self.components() if each.name in names), timeout, step=0.1)

    def shutdown(self, timeout: float) -> None:
        """Stop the supervisor and what still runs; returns when its process is gone or after `timeout` seconds."""
        pid = self._call("getPID")
        self._call("shutdown")
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), timeout, step=0.1)

    def components(self) -> list[Supervised]:
        """All components, in their fixed order; all stopped when the supervisor does not answer."""
        try:
            known: dict[str, dict[str, Any]] = {row["name"]: row for row in self._call("getAllProcessInfo")}
        except (OSError, xmlrpc.client.Error):
            known = {}
        now = SystemClock().now().timestamp()
        stopped = {"statename": "STOPPED", "pid": 0, "start": now}
        rows = ((name, known.get(name, stopped)) for name in COMPONENTS)
        return [Supervised(name, row["statename"] == "RUNNING", row["pid"] or None, float(row["start"])) for name, row in rows]

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - the answer is whatever the method gives
        """Call the supervisor's XML-RPC method.

        Raises `OSError` when it does not answer and `xmlrpc.client.Fault` when it refuses.
        """
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            return getattr(xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor, method)(*arguments)
        finally:
            transport.close()

    def _configuration(self) -> str:
        def escaped(value: object) -> str:
            return str(value).replace("%", "%%")

        run = self._instance.home / "run"
        head = _HEAD.format(log=escaped(self._instance.log_path("supervisor")), run=escaped(run), socket=escaped(self._socket))
        programs = (
            _PROGRAM.format(
                name=name,
                command=escaped(shlex.join([sys.executable, "-m", "infra.local.run", name])),
                root=escaped(ROOT),
                variable=COMPONENT_VARIABLE,
                log=escaped(self._instance.log_path(name)),
            )
            for name in COMPONENTS
        )
        return head + "".join(programs)
