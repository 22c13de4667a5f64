-- What the ledger says of an hour's objects; objects is a pattern of their keys.
SELECT
    OBJECT_KEY,
    FIRST_OFFSET,
    LAST_OFFSET,
    RECORDS,
    REJECTS,
    SHA256,
    ETAG,
    STATE,
    COALESCE(MERGE_ID, '') AS MERGE_ID
FROM OPS.LOADS
WHERE OBJECT_KEY LIKE :objects
