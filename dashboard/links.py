"""Ways out of the dashboard: to Airflow's runs, and to what to do when they fail."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Links:
    """Addresses below that of Airflow, `airflow`; without it, None where an address would be."""

    airflow: str | None

    def run(self, dag: str, run: str) -> str | None:
        """A run of a DAG that is known."""
        return self._below(f"dags/{_part(dag)}/runs/{_part(run)}")

    def runs(self, run: str) -> str | None:
        """The runs of that name, whatever their DAG: the ledger of raw objects does not say whose run it was."""
        return self._below(f"dag_runs?run_id_pattern={_part(run)}")

    def runbook(self, name: str) -> str | None:
        """A runbook, on Ticklake's page in Airflow."""
        return self._below(f"ticklake/runbooks/{_part(name)}")

    def _below(self, path: str) -> str | None:
        return f"{self.airflow.rstrip('/')}/{path}" if self.airflow else None


def _part(text: str) -> str:
    return quote(text, safe="")
