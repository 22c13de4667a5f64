"""What Ticklake adds to Airflow: the page "Ticklake" in the UI, and links from a task to its objects and to the dashboard."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from ticklake_airflow.links import DashboardLink, ObjectsLink
from ticklake_airflow.page.mounted import Mounted, page

APPS = [{"app": Mounted(page), "url_prefix": "/ticklake", "name": "Ticklake"}]
# Addresses are relative, so that they also hold where Airflow does not live at the root of its host.
VIEWS = [{"name": "Ticklake", "href": "ticklake/", "url_route": "ticklake", "destination": "nav", "nav_top_level": True, "icon": "ticklake/icon.svg"}]
LINKS = [ObjectsLink(), DashboardLink()]


class TicklakePlugin(AirflowPlugin):
    """Registrations only."""

    name = "ticklake"
    fastapi_apps = APPS
    external_views = VIEWS
    global_operator_extra_links = LINKS
