"""Sources to Kafka."""
