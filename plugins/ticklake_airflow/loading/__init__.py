"""From raw objects to CURATED. Knows the store and the warehouse by their Protocols, and nothing of Airflow.

    discover ──▶ copy (transaction 1: fence, ledger, COPY, ledger rows) ──▶ merge (transaction 2: fence, ledger, CURATED)

What one step finds in memory is a proposal to the next; each transaction decides by the ledger, which it reads after
taking the fence. So a death anywhere leaves what the next load completes, and two loads at once equal one.
"""
