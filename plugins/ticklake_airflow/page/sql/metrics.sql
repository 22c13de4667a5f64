-- The newest value of each metric that was measured since a time.
SELECT
    NAME,
    LABELS,
    VALUE,
    UNIT,
    MEASURED_AT
FROM OPS.NEWEST_METRICS
WHERE MEASURED_AT >= :since
ORDER BY NAME, LABELS
LIMIT 500
