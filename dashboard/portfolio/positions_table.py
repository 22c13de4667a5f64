"""The positions as an HTML table: made of text, so a screen reader and a copy get what the eye gets. Every value escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from dashboard import figures
from dashboard.portfolio import wording
from dashboard.portfolio.rows import Row

_HEADS = (
    ("Symbol", ""),
    ("Name", ""),
    ("Quantity", "Below 0: sold short"),
    ("Avg cost", "Of a share, fees included, in its own currency"),
    ("Last", "In its own currency"),
    ("Age · feed", "Since the price was received"),
    ("Value", "In the portfolio's currency"),
    ("Day", "Made since the close before: price, rate, trades, dividends"),
    ("Unrealised", "Value less cost, each lot at the rate of its day"),
    ("Realised", "Of what was closed, with dividends, less fees that name the symbol"),
    ("Weight", "Share of the value"),
    ("Contribution", "Part of today's return that it made"),
)


def table(rows: Sequence[Row], total: Row, names: Sequence[str], at: datetime, currency: str, private: bool) -> str:
    """`rows` with their `names`, and the `total`; amounts are hidden when `private`."""
    heads = "".join(f'<th scope="col" title="{escape(hint)}">{escape(text)}</th>' for text, hint in _HEADS)
    body = "".join(_tr(row, name, at, private) for row, name in zip(rows, names, strict=True))
    return (
        f'<div class="tl-scroll" tabindex="0" role="region" aria-label="Positions"><table class="tl-positions">'
        f'<caption class="tl-label">Positions in {escape(currency)}, to the cent; the rows sum to the total</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody><tfoot>{_tr(total, '', at, private)}</tfoot></table></div>"
    )


def _tr(row: Row, name: str, at: datetime, private: bool) -> str:
    position = row.position
    last = f"{figures.price(float(row.price))} {position.currency}" if row.price is not None and position else ""
    cells = [
        (name, "tl-name tl-muted"),
        (wording.quantity(position.quantity, private) if position else "", ""),
        (figures.price(float(abs(row.average))) if row.average is not None else "", ""),
        (row.missing or last, "tl-down" if row.missing else ""),
        (wording.age(row.told, at) if position and not row.missing else "", "tl-muted"),
        (wording.amount(row.value, private), ""),
        (wording.gain(row.day, private), wording.side(row.day)),
        (wording.gain(row.unrealised, private) if row.unrealised is not None or position else "", wording.side(row.unrealised)),
        (wording.gain(row.realised, private), wording.side(row.realised)),
        (wording.share(row.weight) if row.weight is not None or position else "", ""),
        (
            wording.gained_share(row.contribution) if row.contribution is not None or position else "",
            wording.side(None if row.contribution is None else float(row.contribution)),
        ),
    ]
    tds = "".join(f'<td class="{style}" title="{escape(text)}">{escape(text)}</td>' if "tl-name" in style else _td(text, style) for text, style in cells)
    return f'<tr><th scope="row">{escape(row.name)}</th>{tds}</tr>'


def _td(text: str, style: str) -> str:
    return f'<td class="{style}">{escape(text)}</td>' if style else f"<td>{escape(text)}</td>"
