"""What becomes of a book when lines are added, before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ticklake.daily import Action
from ticklake.portfolio.actions import automatic
from ticklake.portfolio.book import Built, build
from ticklake.portfolio.fx import RateOn
from ticklake.portfolio.lines import LineError
from ticklake.portfolio.model import Kind, Portfolio, Transaction, effective


@dataclass(frozen=True)
class Setting:
    """What a book is built in: the portfolio, splits and dividends that were told, and the rates of the past."""

    portfolio: Portfolio
    told: Mapping[str, Sequence[Action]]
    rate_on: RateOn

    def transactions(self, entered: Sequence[Transaction]) -> tuple[list[Transaction], list[str]]:
        """The effective ones of `entered` with those of the market; and dividends that had to be left out, in words."""
        own = effective(entered)
        made, left_out = automatic(self.portfolio, own, self.told, self.rate_on)
        return own + made, left_out

    def build(self, entered: Sequence[Transaction]) -> Built:
        """The book of `entered`."""
        return build(self.portfolio, self.transactions(entered)[0])


@dataclass(frozen=True)
class Plan:
    """Lines that can be stored, lines that are stored already, and what is wrong, by line. `conflicts` name what is in the book and could
    no longer be if the new lines were added; then none may be."""

    new: tuple[Transaction, ...]
    duplicates: tuple[Transaction, ...]
    errors: tuple[LineError, ...]
    conflicts: tuple[str, ...]


def plan(setting: Setting, stored: Sequence[Transaction], lines: Sequence[Transaction], errors: Sequence[LineError]) -> Plan:
    """What adding `lines` means; `errors` are those of lines that are no transactions. Later lines are judged without the bad ones."""
    known = {each.id for each in stored}
    duplicates: list[Transaction] = []
    fresh: dict[str, Transaction] = {}
    found = list(errors)
    for each in lines:
        if each.id in known:
            duplicates.append(each)
        elif each.id in fresh:
            found.append(LineError(abs(each.line), f"the id {each.import_id} is that of line {abs(fresh[each.id].line)}, too"))
        else:
            fresh[each.id] = each
    conflicts, bad = _judge(setting, stored, list(fresh.values()))
    found += [LineError(abs(each.line), bad[each.id]) for each in fresh.values() if each.id in bad]
    good = tuple(each for each in fresh.values() if each.id not in bad)
    return Plan(good, tuple(duplicates), tuple(sorted(found)), tuple(conflicts))


def reversal_conflicts(setting: Setting, stored: Sequence[Transaction], reversal: Transaction) -> tuple[str, ...]:
    """Why `reversal` cannot be stored; nothing when it can."""
    named = next((each for each in stored if each.id == reversal.reverses), None)
    if named is None:
        return ("there is no such transaction in this portfolio",)
    if named.kind is Kind.REVERSAL:
        return ("a reversal cannot be reversed; enter the transaction again",)
    if any(each.reverses == named.id for each in stored):
        return ("it is reversed already",)
    conflicts, _ = _judge(setting, stored, [reversal])
    return tuple(conflicts)


def _judge(setting: Setting, stored: Sequence[Transaction], fresh: list[Transaction]) -> tuple[list[str], dict[str, str]]:
    """What of `stored` breaks through `fresh`, in words, and what of `fresh` cannot be booked, by id."""
    before = {problem.transaction.id for problem in setting.build(stored).problems}
    new = {each.id for each in fresh}
    problems = [each for each in setting.build([*stored, *fresh]).problems if each.transaction.id not in before]
    conflicts = [f"{each.transaction.traded_on} {each.transaction.kind}: {each.reason}" for each in problems if each.transaction.id not in new]
    return conflicts, {each.transaction.id: each.reason for each in problems if each.transaction.id in new}
