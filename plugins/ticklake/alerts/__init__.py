"""Price alerts, pure: what a rule is, what fires it, and what a restarted service must remember. No clock, no client of anything."""
