"""How Airflow logs on one machine: as it comes, less a warning without a cause."""

from __future__ import annotations

from typing import Any

from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG

# The OpenLineage provider cannot tell the origin of an event that a watcher made: it writes the event out, which reads a relation that
# it did not load, and warns at every load that a hint causes. `[logging] namespace_levels` has no say: it is for structlog's loggers,
# and this is one of the standard library's. There is no setting that leaves the facet away.
LOGGING_CONFIG: dict[str, Any] = {
    **DEFAULT_LOGGING_CONFIG,
    "loggers": {**DEFAULT_LOGGING_CONFIG["loggers"], "airflow.providers.openlineage.utils.utils": {"level": "ERROR"}},
}
