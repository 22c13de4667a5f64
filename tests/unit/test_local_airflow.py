"""Airflow on one machine takes the settings that it is given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from infra.local import airflow
from infra.local.files import make_folders
from infra.local.instance import Instance

ROOT = Path(__file__).parents[2]
PROBE = """
import logging
from airflow import settings
settings.initialize()
from airflow.providers.openlineage.utils import utils
utils.log.warning("without a cause")
utils.log.error("with a cause")
logging.getLogger("airflow.jobs.scheduler_job_runner").warning("of the scheduler")
"""


def test_its_log_has_no_warning_of_events_without_an_origin_and_every_other(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    make_folders(instance)
    airflow.write_secrets(instance)
    environment = os.environ | airflow.environment(instance)
    told = subprocess.run([sys.executable, "-c", PROBE], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    log = told.stdout + told.stderr
    assert "without a cause" not in log
    assert "with a cause" in log
    assert "of the scheduler" in log
