-- The ticks of a minute of a symbol and source in the order in which they make a bar; one more than the page shows.
SELECT
    EVENT_TIME,
    SEQUENCE,
    KIND,
    CAST(PRICE AS DOUBLE) AS PRICE,
    CAST(SIZE AS DOUBLE) AS SIZE,
    VENUE,
    CONDITIONS,
    RECEIVED_AT,
    TICK_ID,
    GENERATION,
    PARTITION_ID,
    OFFSET_ID
FROM CURATED.TICKS
WHERE SYMBOL = :symbol AND SOURCE = :source AND EVENT_TIME >= :minute AND EVENT_TIME < :minute_end
ORDER BY EVENT_TIME, SEQUENCE, GENERATION, PARTITION_ID, OFFSET_ID
LIMIT 5001
