"""What was computed is computed again only for other inputs or another version, and only the newest result of a key is held."""

from __future__ import annotations

import gc
import weakref

from dashboard.portfolio.kept import Kept


class Input:
    """Something that can be seen to be let go."""


def test_the_same_inputs_give_the_same_object_and_others_another() -> None:
    kept, one = Kept(), Input()
    first = kept.get("p", (one,), object)
    assert kept.get("p", (one,), object) is first
    assert kept.get("q", (one,), object) is not first
    assert kept.get("p", (one,), object, 2) is not first
    second = kept.get("p", (one,), object, 2)
    assert kept.get("p", (one, one), object, 2) is not second
    assert kept.get("p", (Input(),), object, 2) is not second


def test_old_versions_and_old_keys_are_let_go() -> None:
    kept, one = Kept(most=2), Input()
    seen = weakref.ref(one)
    kept.get("p", (one,), object, 1)
    kept.get("p", (), object, 2)
    del one
    gc.collect()
    assert seen() is None
    first = kept.get("p", (), object, 2)
    kept.get("q", (), object)
    kept.get("r", (), object)
    assert kept.get("p", (), object, 2) is not first
