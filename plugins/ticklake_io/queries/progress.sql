-- How far the warehouse is: by partition its watermark and last merged object, and the newest tick received,
-- as text, because fakesnow answers 1970 for a time that is NULL.
SELECT
    W.GENERATION,
    W.PARTITION_ID,
    W.NEXT_OFFSET,
    L.OBJECT_KEY,
    (SELECT TO_CHAR(MAX(RECEIVED_AT), 'YYYY-MM-DD HH24:MI:SS.FF6') FROM CURATED.LATEST) AS NEWEST
FROM OPS.WATERMARKS AS W
LEFT JOIN OPS.LOADS AS L
    ON W.GENERATION = L.GENERATION AND W.PARTITION_ID = L.PARTITION_ID AND W.NEXT_OFFSET = L.LAST_OFFSET + 1
