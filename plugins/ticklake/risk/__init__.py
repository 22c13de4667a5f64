"""Risk of what is held, from daily closes: pure functions over numpy arrays, with the conventions of docs/analytics.md."""
