-- What counts of what a source has told so far.
SELECT
    SYMBOL,
    KIND,
    OPEN,
    HIGH,
    LOW,
    CLOSE,
    VOLUME,
    ADJ_OPEN,
    ADJ_HIGH,
    ADJ_LOW,
    ADJ_CLOSE,
    RATIO,
    AMOUNT,
    TO_CHAR(BAR_DATE, 'YYYY-MM-DD') AS DAY
FROM RAW.DAILY_BARS
WHERE
    SOURCE = :source
    AND SYMBOL IN (:symbols)
    AND BAR_DATE <= :last
    AND (KIND <> 'bar' OR BAR_DATE >= :first)
QUALIFY ROW_NUMBER() OVER (PARTITION BY SYMBOL, BAR_DATE, KIND ORDER BY AS_OF DESC, OBJECT_KEY DESC) = 1
