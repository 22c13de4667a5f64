"""Limits of a portfolio: red, amber or green with an icon and a word, what breaches, and a form for who may change them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import pandas as pd
import streamlit as st

from dashboard.components import headline
from dashboard.look import Look
from dashboard.portfolio.saving import save
from dashboard.risk import wording
from dashboard.risk.grid import ROW_HEIGHT, grid
from dashboard.risk.holding import BookRisk
from dashboard.risk.limit_book import InForce, LimitBook, problem
from dashboard.risk.pick import Picked
from ticklake.risk.limits import Check, Limit, Metric, check, observed
from ticklake.roles import Action, User


def draw(picked: Picked, found: BookRisk, limits: LimitBook, user: User, look: Look) -> None:
    """The checks of a portfolio's limits, and the form."""
    reading = limits.in_force(picked.id)
    in_force = reading.value or []
    if reading.problem:
        st.html(headline.note(f"Limits of the house are checked: {reading.problem}"))
    checks = check([each.limit for each in in_force], observed(found.concentration, found.risk, found.basis.net))
    st.html(table(checks))
    refusal = user.refusal(Action.LIMIT)
    with st.expander("Limits in force" if refusal else "Change limits"):
        _form(picked, in_force, limits, user, look, refusal)


def table(checks: Sequence[Check]) -> str:
    """The checks as a table, breaches first; every value escaped."""
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Status", "Limit", "Now", "Amber above", "Red above", "What is beyond"))
    rows = "".join(map(_row, checks))
    caption = '<caption class="tl-muted tl-small">Limits</caption>'
    inside = f'<table class="tl-limits">{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="tl-wide" role="region" aria-label="Limits" tabindex="0">{inside}</div>'


def _row(each: Check) -> str:
    beyond = ", ".join(f"{name} {_written(each.limit.metric, value)}" for name, value in each.offenders) if each.value is not None else each.why or ""
    now = "n/a" if each.value is None else _written(each.limit.metric, each.value)
    cells = (each.limit.metric.label, now, _written(each.limit.metric, each.limit.amber), _written(each.limit.metric, each.limit.red), beyond)
    status = f'<td class="tl-status tl-{each.status}"><span aria-hidden="true">{each.status.icon}</span> {each.status.word}</td>'
    return f"<tr>{status}{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _written(metric: Metric, value: float) -> str:
    return f"{value:.3f}" if metric in {Metric.HERFINDAHL, Metric.BETA} else wording.share(value)


def _form(picked: Picked, in_force: Sequence[InForce], limits: LimitBook, user: User, look: Look, refusal: str | None) -> None:
    st.html(headline.note(refusal or "Shares are written as 0.15 for 15 %. An empty row has no limit. Who changes a limit is kept with it."))
    by_metric = {each.limit.metric: each for each in in_force}
    rows = pd.DataFrame(
        [
            {
                "Metric": metric.label,
                "Amber": by_metric[metric].limit.amber if metric in by_metric else math.nan,
                "Red": by_metric[metric].limit.red if metric in by_metric else math.nan,
                "Set": _set(by_metric.get(metric), look),
            }
            for metric in Metric
        ]
    )
    if refusal:
        grid(rows, "risk_limits", "Limits in force")
        return
    with st.form("risk_limits_form", border=False):
        edited = st.data_editor(rows, key=f"risk_limits:{picked.id}", hide_index=True, disabled=["Metric", "Set"], row_height=ROW_HEIGHT, alt="Limits in force")
        if st.form_submit_button("Set limits"):
            _set_limits(picked, rows, edited, limits, user)


def _set(in_force: InForce | None, look: Look) -> str:
    if in_force is None:
        return "no limit"
    if in_force.set_at is None:
        return "of the house"
    return f"by {in_force.set_by}, {in_force.set_at.astimezone(look.tz(None)):%Y-%m-%d %H:%M %Z}"


def changed(before: pd.DataFrame, after: pd.DataFrame) -> list[Limit]:
    """The limits that an edit has changed; NaN on both sides takes one away."""
    rows = zip(Metric, before.to_dict("records"), after.to_dict("records"), strict=True)
    limits = (
        (Limit(metric, _number(old["Amber"]), _number(old["Red"])), Limit(metric, _number(new["Amber"]), _number(new["Red"]))) for metric, old, new in rows
    )
    return [new for old, new in limits if str(old) != str(new)]  # as text, for NaN equals nothing


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _set_limits(picked: Picked, before: pd.DataFrame, after: pd.DataFrame, limits: LimitBook, user: User) -> None:
    wanted = changed(before, after)
    wrong = next(filter(None, map(problem, wanted)), None)
    if wrong or not wanted:
        st.html(headline.problem(wrong) if wrong else headline.note("Nothing was changed."))
    elif save(lambda: limits.set(picked.id, wanted, user), f"{len(wanted)} limits set."):
        st.rerun()
