"""Adapters, each behind a small Protocol: Kafka, S3, the warehouse."""
