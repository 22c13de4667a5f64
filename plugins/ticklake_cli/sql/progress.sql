-- How far the warehouse is: by partition its watermark and last merged object, and the newest tick received.
SELECT
    w.GENERATION,
    w.PARTITION_ID,
    w.NEXT_OFFSET,
    l.OBJECT_KEY,
    (SELECT MAX(RECEIVED_AT) FROM CURATED.LATEST) AS NEWEST
FROM OPS.WATERMARKS AS w
LEFT JOIN OPS.LOADS AS l
    ON w.GENERATION = l.GENERATION AND w.PARTITION_ID = l.PARTITION_ID AND w.NEXT_OFFSET = l.LAST_OFFSET + 1
