"""Measures the pipeline, keeps what it measures, and raises and clears alarms."""
