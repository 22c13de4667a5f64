"""Where the statements of DAGs stand. Apart from all else, for commands that run some of them and need no Airflow."""

from __future__ import annotations

from pathlib import Path

SQL_FOLDER = Path(__file__).parents[2] / "dags" / "sql"
