"""The alerts service: ticks in, alerts out, nothing twice and nothing missed. The place where a full engine will grow."""
