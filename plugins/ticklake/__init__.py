"""The domain: ticks, the lake and its chain, settings, errors, time. Imports no client of anything."""
