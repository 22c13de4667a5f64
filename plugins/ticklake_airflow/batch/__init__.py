"""The batch feed: daily bars, splits, dividends and vendor minutes. Knows store, warehouse and sources by their Protocols.

    plan ──▶ source ──▶ what is new of it ──▶ an object of the lake ──▶ COPY, ledger and CURATED in one transaction

An object is created once and holds only what its source had not said before, with the time at which it said so. What a death leaves between
the object and the ledger is loaded by the next run, before it asks the source. Each load makes the days that its objects touch
again from RAW, so that neither order nor repetition matters.
"""
