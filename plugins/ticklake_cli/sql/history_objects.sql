-- Objects that hold ticks of a range of event time; symbols is a JSON array, empty for all.
SELECT
    LOADS.OBJECT_KEY,
    LOADS.RECORDS
FROM OPS.LOADS AS LOADS
WHERE
    LOADS.STATE = 'MERGED'
    AND LOADS.MAX_EVENT_TIME >= :event_from
    AND LOADS.MIN_EVENT_TIME < :event_to
    AND (
        :all_symbols
        OR LOADS.OBJECT_KEY IN (
            SELECT ARRIVED.OBJECT_KEY
            FROM RAW.TICKS AS ARRIVED
            INNER JOIN TABLE(FLATTEN(INPUT => PARSE_JSON(:symbols))) AS EACH ON ARRIVED.SYMBOL = EACH.VALUE::VARCHAR
            WHERE ARRIVED.EVENT_TIME >= :event_from AND ARRIVED.EVENT_TIME < :event_to
        )
    )
ORDER BY LOADS.OBJECT_KEY
