"""The strip of key figures of a portfolio. HTML, every value escaped."""

from __future__ import annotations

from html import escape

from dashboard.portfolio import wording
from dashboard.portfolio.live import Live
from dashboard.portfolio.rows import Row


def strip(live: Live, total: Row, private: bool) -> str:
    """Value, day, unrealised, realised, and the return beside the benchmark's; what a figure leaves out stands under it."""
    found, currency = live.valuation, live.ledger.portfolio.currency
    day_return = total.day / found.before if total.day is not None and found.before and not found.day.without else None
    benchmark = live.ledger.portfolio.benchmark
    since = f"since {live.growth[0][0]}" if live.growth else live.no_growth or ""
    against = f"{benchmark} {wording.gained_share(live.benchmark_return)}" if live.benchmark else f"no benchmark: {live.no_benchmark}"
    cards = [
        _card(f"Value in {currency}", wording.amount(total.value, private), "", wording.without(found.value) or f"cash {wording.amount(found.cash, private)}"),
        _card("Day", wording.gain(total.day, private), wording.side(total.day), wording.without(found.day) or wording.gained_share(day_return)),
        _card(
            "Unrealised",
            wording.gain(total.unrealised, private),
            wording.side(total.unrealised),
            wording.without(found.unrealised) or "value less cost",
        ),
        _card("Realised", wording.gain(total.realised, private), wording.side(total.realised), "with dividends, less fees"),
        _card("Time-weighted return", wording.gained_share(live.time_weighted), wording.side(live.time_weighted), f"{since} · {against}"),
    ]
    return f'<div class="tl-strip">{"".join(cards)}</div>'


def _card(label: str, figure: str, style: str, under: str) -> str:
    return (
        f'<div class="tl-kpi"><div class="tl-label">{escape(label)}</div><div class="tl-price {style}">{escape(figure)}</div>'
        f'<div class="tl-small tl-muted">{escape(under)}</div></div>'
    )
