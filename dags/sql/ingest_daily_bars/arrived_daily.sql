-- What the objects hold: a symbol and its first and last day with bars (null without any).
SELECT
    SYMBOL,
    SOURCE,
    TO_CHAR(MIN(BAR_DATE), 'YYYY-MM-DD') AS FIRST_DAY,
    TO_CHAR(MAX(BAR_DATE), 'YYYY-MM-DD') AS LAST_DAY
FROM RAW.DAILY_BARS
WHERE OBJECT_KEY IN (:keys)
GROUP BY SYMBOL, SOURCE
