-- The newest minute bar of a symbol and source; no row when there is none.
SELECT MAX(BAR_START) AS BAR_START
FROM CURATED.BARS_1M
WHERE SYMBOL = :symbol AND SOURCE = :source
HAVING COUNT(*) > 0
