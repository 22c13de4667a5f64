"""Data quality: what is new in CURATED against the rules of a file. Knows the warehouse by its Protocol, and nothing of Airflow.

    scope (which merges no check has passed yet) ──▶ ask each rule ──▶ one transaction: quarantine, results, merges passed

The last step decides: a check that died before it has changed nothing, and the next one looks at the same merges again.
"""
