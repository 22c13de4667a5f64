-- Splits and dividends of one symbol from one source, oldest first; those that the source has taken back have no number.
SELECT
    CAST(EX_DATE AS TIMESTAMP_NTZ(6)) AS BAR_START,
    KIND,
    CAST(RATIO AS DOUBLE) AS RATIO,
    CAST(AMOUNT AS DOUBLE) AS AMOUNT
FROM CURATED.CORPORATE_ACTIONS
WHERE SYMBOL = :symbol AND SOURCE = :source AND (RATIO IS NOT NULL OR AMOUNT IS NOT NULL)
ORDER BY BAR_START
