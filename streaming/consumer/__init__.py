"""Kafka to the raw zone of the lake."""
