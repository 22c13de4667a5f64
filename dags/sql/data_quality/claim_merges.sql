-- The merges that no check has passed yet. Older ones than the horizon are left alone, so that this never reads the whole ledger.
INSERT INTO OPS.DQ_MERGES (MERGE_ID, CHECK_ID, STATE, STATE_AT)
SELECT DISTINCT
    LOADS.MERGE_ID,
    :check_id,
    'CHECKING' AS STATE,
    :now
FROM OPS.LOADS AS LOADS
LEFT JOIN OPS.DQ_MERGES AS PASSED ON LOADS.MERGE_ID = PASSED.MERGE_ID AND PASSED.STATE = 'CHECKED'
WHERE LOADS.STATE = 'MERGED' AND LOADS.MERGED_AT >= :horizon AND PASSED.MERGE_ID IS NULL
