"""The warehouse again, from nothing but the lake; and copies of what the lake does not hold. Knows nothing of Airflow.

    decisions of a backup ──▶ the load's own loader ──▶ the batch feed's own loader ──▶ a full refresh of analytics

A restore is loads by an empty ledger. So it may die anywhere and be begun again, and ends in the tables that were there before.
"""
