-- The sources that have daily closes of a symbol, most days first.
SELECT
    SOURCE,
    COUNT(*) AS DAYS
FROM CURATED.DAILY_CLOSES
WHERE SYMBOL = :symbol
GROUP BY SOURCE
ORDER BY COUNT(*) DESC, SOURCE
