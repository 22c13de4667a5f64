-- Of a session, by symbol and bucket of so many minutes from its open (0, 1, 2, ...), how many minutes have a bar.
WITH BARS AS (
    SELECT
        SYMBOL,
        FLOOR(DATEDIFF('MINUTE', CAST(:opens_at AS TIMESTAMP_NTZ(6)), BAR_START) / :width) AS BUCKET
    FROM CURATED.BARS_1M
    WHERE SOURCE = :source AND BAR_START >= :opens_at AND BAR_START < :closes_at
)

SELECT
    SYMBOL,
    BUCKET,
    COUNT(*) AS MINUTES
FROM BARS
GROUP BY SYMBOL, BUCKET
