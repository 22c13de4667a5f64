"""How every chart is handed to Streamlit."""

from __future__ import annotations

from typing import Any

import altair as alt


def specification(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The chart without its data, which Streamlit hands over and names itself.

    Its marks are nothing to a screen reader: the sentence beside the chart and the table below it say what it shows.
    """
    spec: dict[str, Any] = chart.configure(aria=False).configure_mark(aria=False).configure_view(strokeWidth=0).to_dict()
    del spec["data"]
    return spec
