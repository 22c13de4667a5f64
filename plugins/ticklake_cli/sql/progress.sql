-- How far the warehouse is: by partition its watermark and last merged object, and the newest tick received,
-- as text, because fakesnow answers 1970 for a time that is NULL.
SELECT
    w.GENERATION,
    w.PARTITION_ID,
    w.NEXT_OFFSET,
    l.OBJECT_KEY,
    (SELECT MAX(RECEIVED_AT) FROM CURATED.LATEST)::VARCHAR AS NEWEST
FROM OPS.WATERMARKS AS w
LEFT JOIN OPS.LOADS AS l
    ON w.GENERATION = l.GENERATION AND w.PARTITION_ID = l.PARTITION_ID AND w.NEXT_OFFSET = l.LAST_OFFSET + 1
