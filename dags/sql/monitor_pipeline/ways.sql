-- The ways of objects that were under way since a time, and the one before them: what came between tells of silence.
-- An object that is not merged is under way still.
WITH EARLIER AS (
    SELECT MAX(LAST_KAFKA_TIME) AS LAST_AT
    FROM OPS.LOADS
    WHERE MERGED_AT < :since
)

SELECT
    LOADS.FIRST_KAFKA_TIME,
    LOADS.LAST_KAFKA_TIME,
    LOADS.LANDED_AT,
    COALESCE(LOADS.MERGED_AT, :now) AS MERGED_AT
FROM OPS.LOADS
LEFT JOIN EARLIER ON LOADS.LAST_KAFKA_TIME >= EARLIER.LAST_AT
WHERE
    LOADS.STATE IN ('COPIED', 'MERGED')
    AND (LOADS.MERGED_AT IS NULL OR LOADS.MERGED_AT >= :since OR EARLIER.LAST_AT IS NOT NULL)
