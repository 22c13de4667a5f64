"""One command at a time works on an instance, and none on a directory that is none."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import __main__ as command_line
from infra.local.alone import alone
from infra.local.files import make_folders, remove_folders
from infra.local.instance import ROOT, Instance
from infra.local.up import reset
from ticklake.errors import ConfigError, Stop

HOLD = """
import sys
from infra.local.alone import alone
from infra.local.instance import Instance
with alone(Instance.current(), "up"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = Instance(tmp_path / "home")
    make_folders(made)
    return made


@pytest.fixture
def holder(instance: Instance) -> Iterator[subprocess.Popen[str]]:
    """Another process that works on the instance."""
    environment = instance.process_environment("test")
    with subprocess.Popen([sys.executable, "-c", HOLD], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_who_comes_second_is_told_by_whom_it_waits(instance: Instance, holder: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Stop, match=rf"^make up \(pid {holder.pid}\) has worked on .* let it end") as caught, alone(instance, "down", patience_s=0.1):
        pytest.fail("two at once")
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().err == f"  make down waits for make up (pid {holder.pid})\n"


def test_who_comes_second_goes_on_when_the_first_is_gone_even_by_force(instance: Instance, holder: subprocess.Popen[str]) -> None:
    timer = threading.Timer(0.3, holder.kill)
    timer.start()
    with alone(instance, "down", patience_s=30):
        assert holder.wait(5) != 0
    timer.join()
    assert instance.lock_file.read_text() == ""


def test_who_waited_for_a_reset_finds_no_instance(instance: Instance, holder: subprocess.Popen[str]) -> None:
    def reset_by_other() -> None:
        remove_folders(instance)
        holder.kill()

    timer = threading.Timer(0.3, reset_by_other)
    timer.start()
    with pytest.raises(ConfigError, match="deleted meanwhile"), alone(instance, "up", patience_s=30):
        pytest.fail("locked a file that is there no more")
    timer.join()


def test_a_directory_with_other_files_is_neither_adopted_nor_reset(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "thesis.tex").touch()
    stranger = Instance(tmp_path)
    with pytest.raises(ConfigError, match="holds other files; set TICKLAKE_HOME"):
        make_folders(stranger)
    with pytest.raises(ConfigError, match="nothing was deleted"):
        reset(stranger)
    assert {path.name for path in tmp_path.iterdir()} == {"logs", "thesis.tex"}


def test_a_reset_deletes_the_instance_s_own_files_only(instance: Instance) -> None:
    make_folders(instance)
    instance.settings_file.touch()
    (instance.home / "logs" / "broker.log").touch()
    kept = instance.home / "thesis.tex"
    kept.touch()
    reset(instance)
    assert list(instance.home.iterdir()) == [kept]
    make_again = Instance(instance.home.parent / "other")
    make_folders(make_again)
    reset(make_again)
    assert not make_again.home.exists()
    reset(make_again)


def test_a_home_that_cannot_be_made_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TICKLAKE_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setattr(sys, "argv", ["infra.local", "up"])
    assert command_line.main() == 1
    assert capsys.readouterr().err == f"make up: {tmp_path / 'file' / 'home'}: Not a directory\n"
