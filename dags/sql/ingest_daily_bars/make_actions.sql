-- The splits and dividends again, from what counts of them, less those that were taken back.
INSERT INTO CURATED.CORPORATE_ACTIONS (SYMBOL, SOURCE, EX_DATE, KIND, RATIO, AMOUNT, OBJECT_KEY)
SELECT
    SYMBOL,
    SOURCE,
    BAR_DATE AS EX_DATE,
    KIND,
    RATIO,
    AMOUNT,
    OBJECT_KEY
FROM (
    SELECT
        SYMBOL,
        SOURCE,
        BAR_DATE,
        KIND,
        RATIO,
        AMOUNT,
        OBJECT_KEY
    FROM RAW.DAILY_BARS
    WHERE
        KIND <> 'bar'
        AND SOURCE = :source
        AND SYMBOL IN (:symbols)
    QUALIFY ROW_NUMBER() OVER (PARTITION BY SYMBOL, SOURCE, BAR_DATE, KIND ORDER BY AS_OF DESC, OBJECT_KEY DESC) = 1
) AS NEWEST
WHERE COALESCE(RATIO, AMOUNT) IS NOT NULL
