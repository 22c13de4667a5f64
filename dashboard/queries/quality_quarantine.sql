-- The newest 200 rows in quarantine, of one rule or, where it is empty, of all; of one symbol likewise.
SELECT
    RULE,
    QUARANTINED_AT,
    SYMBOL,
    SOURCE,
    TICK_ID,
    GENERATION,
    PARTITION_ID,
    OFFSET_ID,
    OBJECT_KEY,
    CAST(PRICE AS DOUBLE) AS PRICE,
    CAST(EVENT_TIME AS VARCHAR) AS EVENT_TIME
FROM OPS.QUARANTINED
WHERE (:rule = '' OR RULE = :rule) AND (:symbol = '' OR SYMBOL = :symbol)
ORDER BY QUARANTINED_AT DESC, GENERATION ASC, PARTITION_ID ASC, OFFSET_ID ASC
LIMIT 200
