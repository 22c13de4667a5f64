"""The always-on processes: producer and consumer."""
