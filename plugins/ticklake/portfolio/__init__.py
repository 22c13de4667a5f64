"""Portfolios as a pure function of their transactions: lots, cash, profit and returns, in exact decimals.

    transactions (model) ── reversals taken out, splits and dividends of the market put in (actions) ──▶ book (lots, cash, flows)
    book + prices + rates ──▶ valuation: parts that sum to the total, and what has no price, by name
    books of all days + closes ──▶ history: values and flows by day ──▶ time-weighted return

Money is a `Decimal`, never rounded on the way; where a part of a lot has no finite decimals, the remainder goes to the other part.
What is displayed is rounded once, at the end, so that the parts still sum to the total (`exact.apportion`).
"""
