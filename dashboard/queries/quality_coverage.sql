-- Of a session, by symbol and bucket of so many minutes from its open (0, 1, 2, ...), how many minutes have a bar.
SELECT
    SYMBOL,
    FLOOR(DATEDIFF('MINUTE', CAST(:opens_at AS TIMESTAMP_NTZ(6)), BAR_START) / :width) AS BUCKET,
    COUNT(*) AS MINUTES
FROM CURATED.BARS_1M
WHERE SOURCE = :source AND BAR_START >= :opens_at AND BAR_START < :closes_at
GROUP BY SYMBOL, FLOOR(DATEDIFF('MINUTE', CAST(:opens_at AS TIMESTAMP_NTZ(6)), BAR_START) / :width)
