-- The newest object of the ledger, when its first record was at the broker, and how many objects wait for the merge; no row when there is none.
SELECT
    MAX(LANDED_AT) AS LANDED_AT,
    MAX_BY(FIRST_KAFKA_TIME, LANDED_AT) AS FIRST_KAFKA_TIME,
    COUNT(CASE WHEN STATE = 'COPIED' THEN 1 END) AS UNMERGED
FROM OPS.LOADS
HAVING COUNT(*) > 0
