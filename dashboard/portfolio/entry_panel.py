"""Entering transactions: a file with a preview before anything is stored, or one line by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

import pandas as pd
import streamlit as st

from dashboard.components import headline
from dashboard.portfolio.ledger import Ledger
from dashboard.portfolio.listing import columns, listing
from dashboard.portfolio.routes import spelled
from dashboard.portfolio.saving import save
from dashboard.portfolio.store import PortfolioStore
from ticklake.portfolio.entry import Plan, plan
from ticklake.portfolio.lines import LineError, Reader, table
from ticklake.portfolio.model import Kind
from ticklake.roles import User

SAMPLE = Path(__file__).with_name("sample.csv")

EARLIEST = date(1970, 1, 1)
"""Of a line by hand."""

SHOWN = 500
"""Lines of a preview."""

_KINDS = [kind.value for kind in Kind if kind is not Kind.REVERSAL]
_NUMBERS = ("quantity", "price", "amount", "ratio", "fee", "fx_rate")
_HINTS = {
    "amount": "Cash of a dividend, fee, deposit or withdrawal",
    "ratio": "Of a split: new shares for an old one",
    "fx_rate": "The portfolio's currency for one unit of the line's; empty: the daily close",
}


@dataclass(frozen=True)
class Entry:
    """What entering takes: the ledger that lines are judged by, what reads them, what stores them, and who enters."""

    ledger: Ledger
    reader: Reader
    store: PortfolioStore
    user: User


def draw_import(entry: Entry) -> None:
    """A file: what is in it, line by line, then a button that stores it."""
    number = st.session_state.setdefault("portfolio-files", 0)
    uploaded = st.file_uploader("Transactions as CSV", type=["csv", "txt"], key=f"transactions-file-{number}", max_upload_size=5)
    st.download_button("A sample file", SAMPLE.read_bytes(), "transactions.csv", "text/csv", key="transactions-sample", type="tertiary", on_click="ignore")
    if uploaded is None:
        return
    rows, errors = table(uploaded.getvalue())
    lines, wrong = entry.reader.read((line, _spelled(row)) for line, row in rows)
    found = plan(entry.ledger.setting, entry.ledger.entered, lines, [*errors, *wrong])
    _preview(found)
    if _offer(entry, found):
        st.session_state["portfolio-files"] += 1
        st.rerun()


def draw_form(entry: Entry) -> None:
    """One line. What a kind needs is told when it is missing, so that every kind has the same form."""
    token = st.session_state.setdefault("portfolio-line", uuid4().hex[:16])
    with st.form(f"line-{token}", border=False):
        first, second = st.columns(2), st.columns(len(_NUMBERS))
        row = {
            "id": token,
            "date": first[0].date_input("Date", value=entry.reader.at.date(), min_value=EARLIEST, key=f"line-date-{token}").isoformat(),
            "kind": first[1].selectbox("Kind", _KINDS, key=f"line-kind-{token}"),
        }
        for name, column in zip(_NUMBERS, second, strict=True):
            row[name] = column.text_input(name.replace("_", " ").capitalize(), key=f"line-{name}-{token}", help=_HINTS.get(name)).strip()
        third = st.columns([2, 1, 4])
        for name, column in zip(("symbol", "currency", "note"), third, strict=True):
            row[name] = column.text_input(name.capitalize(), key=f"line-{name}-{token}", max_chars=500 if name == "note" else 40).strip()
        if not st.form_submit_button("Enter", type="primary"):
            return
    lines, wrong = entry.reader.read([(1, _spelled(row))])
    found = plan(entry.ledger.setting, entry.ledger.entered, lines, wrong)
    if found.errors or found.conflicts:
        st.html(headline.problem(f"Not entered: {'; '.join([*(each.reason for each in found.errors), *found.conflicts])}."))
    elif save(lambda: entry.store.add(entry.ledger.portfolio, found.new, entry.user), "Entered."):
        del st.session_state["portfolio-line"]
        st.rerun()


def _preview(found: Plan) -> None:
    counts = f"{len(found.new)} new, {len(found.duplicates)} stored already, {len(found.errors)} with errors."
    st.html(headline.note(counts))
    if found.errors:
        st.dataframe(_errors(found.errors), hide_index=True, key="import-errors", height="content", alt="What is wrong, by line")
    if found.conflicts:
        st.html(headline.problem(f"These lines would undo what is booked: {'; '.join(found.conflicts[:3])}. Nothing can be imported; correct that first."))
    if found.new:
        st.dataframe(
            listing(found.new[:SHOWN]), hide_index=True, height=240, key="import-new", column_config=columns(), alt="The new lines as they would be stored"
        )


def _offer(entry: Entry, found: Plan) -> bool:
    """The button, if there is something to store: whole, or the good lines when the user says so. Whether it is stored."""
    if not found.new or found.conflicts:
        return False
    label = f"Import the {len(found.new)} good lines, leave out {len(found.errors)}" if found.errors else f"Import {len(found.new)} lines"
    if not st.button(label, key="import-lines", type="secondary" if found.errors else "primary"):
        return False
    return save(lambda: entry.store.add(entry.ledger.portfolio, found.new, entry.user), f"{len(found.new)} lines imported.")


def _spelled(row: Mapping[str, str]) -> dict[str, str]:
    """The texts of a line, its currency as a code: the reader writes it in capitals."""
    return {**row, "currency": spelled(row.get("currency", ""))}


def _errors(errors: Sequence[LineError]) -> pd.DataFrame:
    return pd.DataFrame({"Line": [str(each.line) if each.line else "file" for each in errors], "What is wrong": [each.reason for each in errors]})
