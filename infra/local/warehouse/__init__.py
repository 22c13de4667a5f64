"""The warehouse: fakesnow's server (Snowflake's wire protocol and SQL on DuckDB) on durable files, with what it lacks made up for.

`sessions` holds all workarounds but TLS; tests/integration/test_fakesnow_gaps.py fails when one is no longer needed.
"""
