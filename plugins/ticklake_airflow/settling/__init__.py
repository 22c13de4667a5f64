"""Proves an hour of arrival, and puts right what differs. Knows the store and the warehouse by their Protocols, and nothing of Airflow.

    inventory (lake against ledger) ──▶ for some objects at a time, under the fence: rows, winners, bars ──▶ strays, latest prices

RAW is held against the objects' bytes, CURATED.TICKS against RAW, bars and latest prices against CURATED.TICKS. What is made
again is compared with what was there; the transaction takes effect only when something is to change.
"""
