"""The bucket's rules against the desired ones."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from ticklake import lifecycle
from ticklake.lifecycle import Desired, Drift
from ticklake_io.bucket_rules import BucketRules

log = structlog.get_logger()


@dataclass(frozen=True)
class Audit:
    """How the rules differed, with diffs; what was put back; what differs still; what the store does not know or does not keep."""

    drifts: list[str]
    restored: list[str]
    left: list[str]
    unsupported: list[str]


def audit(bucket: BucketRules, desired: Desired, raw_retention_days: int, *, owner: bool) -> Audit:
    """Compare, and put our rules back when we are the `owner`. Rules of others are neither changed nor told.

    Raises `ConfigError` when a rule of others would expire raw objects too soon, and what the bucket raises.
    """
    unsupported = []
    found = bucket.rules()
    if found is None:
        unsupported.append("lifecycle rules")
    else:
        lifecycle.too_soon((rule for rule in found if not lifecycle.identity(rule).startswith(lifecycle.OWN)), raw_retention_days, "the bucket")
    before = _drifts(bucket, desired)
    for drift in before:
        log.warning("lake_rule_drifted", what=drift.what, id=drift.id, diff=drift.lines)
    if owner:
        _restore(bucket, desired, before)
    after = _drifts(bucket, desired) if owner else before
    unkept = [drift for drift in after if owner and drift.what != "versioning"]
    unsupported += [f"{drift.what} {drift.id}: the store took it and does not keep it" for drift in unkept]
    if bucket.tierings() is None:
        unsupported.append("Intelligent-Tiering configurations")
    remaining = {(drift.what, drift.id) for drift in after}
    return Audit(
        drifts=[str(drift) for drift in before],
        restored=[f"{drift.what} {drift.id}" for drift in before if (drift.what, drift.id) not in remaining],
        left=[f"{drift.what} {drift.id}" for drift in after if drift not in unkept],
        unsupported=unsupported,
    )


def _drifts(bucket: BucketRules, desired: Desired) -> list[Drift]:
    """All differences; of what the store does not know there are none."""
    rules, tierings, versioning = bucket.rules(), bucket.tierings(), bucket.versioning()
    found = [] if rules is None else lifecycle.drifts("rule", desired.rules, rules)
    found += [] if tierings is None else lifecycle.drifts("tiering", desired.tierings, tierings)
    if versioning is not None and versioning != desired.versioning:
        found.append(Drift("versioning", "bucket", [f"-{versioning}", f"+{desired.versioning}"]))
    return found


def _restore(bucket: BucketRules, desired: Desired, found: list[Drift]) -> None:
    """Put rules and tierings back. Versioning is told only: once enabled it cannot be taken back, so a person decides."""
    if any(drift.what == "rule" for drift in found):
        bucket.put_rules(lifecycle.restored(desired.rules, bucket.rules() or []))
    wanted = {lifecycle.identity(each): each for each in desired.tierings}
    for drift in found:
        if drift.what == "tiering" and drift.id in wanted:
            bucket.put_tiering(wanted[drift.id])
        elif drift.what == "tiering":
            bucket.delete_tiering(drift.id)
