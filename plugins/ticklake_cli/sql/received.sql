-- When each tick that was received in a span landed in the lake and was merged; what is not merged yet counts at its age at the span's end.
SELECT
    R.RECEIVED_AT,
    L.LANDED_AT,
    COALESCE(L.MERGED_AT, :to_time) AS MERGED_AT
FROM RAW.TICKS AS R
INNER JOIN OPS.LOADS AS L ON R.OBJECT_KEY = L.OBJECT_KEY
WHERE
    R.KAFKA_TIME >= :from_time
    AND R.RECEIVED_AT >= :from_time
    AND R.RECEIVED_AT < :to_time
