-- When each tick that was received in a span landed in the lake and was merged; what is not merged yet counts at its age at the span's end.
SELECT
    r.RECEIVED_AT,
    l.LANDED_AT,
    COALESCE(l.MERGED_AT, :to_time) AS MERGED_AT
FROM RAW.TICKS AS r
INNER JOIN OPS.LOADS AS l ON r.OBJECT_KEY = l.OBJECT_KEY
WHERE
    r.KAFKA_TIME >= :from_time
    AND r.RECEIVED_AT >= :from_time
    AND r.RECEIVED_AT < :to_time
