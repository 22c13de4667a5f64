"""What the Data quality page makes of results, of quarantine and of bars. Pure."""
