"""The `ticklake` command."""
