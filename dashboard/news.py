"""What this process knows of changes in the warehouse: how often each subject has changed, and how sure that is all."""

from __future__ import annotations

import math
import threading

from ticklake.changes import Subject


class News:
    """Changes by subject, as they are heard. Safe for several threads; a question costs no lock."""

    def __init__(self, patience_s: float) -> None:
        """While changes cannot be heard, or one is overdue, the warehouse is asked every `patience_s` seconds at most."""
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._versions = dict.fromkeys(Subject, 0)
        self._heard = False
        self._overdue: frozenset[Subject] = frozenset()

    def version(self, subject: Subject) -> int:
        """A number that grows with every change."""
        return self._versions[subject]

    def max_age_s(self, subject: Subject) -> float:
        """How long an answer about `subject` is good, in seconds, as long as its version stays."""
        return math.inf if self._heard and subject not in self._overdue else self._patience_s

    def note(self, subject: Subject) -> None:
        """`subject` has changed."""
        with self._lock:
            self._versions[subject] += 1

    def listen(self, heard: bool) -> None:
        """Say whether changes can be heard. What was missed meanwhile may be anything."""
        with self._lock:
            if heard and not self._heard:
                self._versions = {subject: version + 1 for subject, version in self._versions.items()}
            self._heard = heard

    def expect(self, overdue: frozenset[Subject]) -> None:
        """Name the subjects whose change should have been heard by now."""
        self._overdue = overdue
