-- The raw objects that a run loaded, or those in an hour's folder.
SELECT
    OBJECT_KEY,
    STATE,
    FIRST_OFFSET,
    LAST_OFFSET,
    RECORDS,
    REJECTS,
    SIZE_BYTES,
    LANDED_AT,
    RUN_ID,
    COALESCE(MERGED_AT, COPIED_AT) AS LOADED_AT
FROM OPS.LOADS
WHERE RUN_ID = :run_id OR OBJECT_KEY LIKE :folder
ORDER BY OBJECT_KEY
LIMIT 1000
