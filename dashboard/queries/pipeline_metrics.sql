-- The newest value of each metric since a time; those of which each minute or statement has its own are left out.
SELECT
    NAME,
    LABELS,
    VALUE,
    UNIT,
    MEASURED_AT
FROM OPS.METRICS
WHERE MEASURED_AT >= :since AND NAME NOT IN ('minute_available', 'warehouse_seconds', 'slowest_statement_s')
QUALIFY ROW_NUMBER() OVER (PARTITION BY NAME, LABELS ORDER BY MEASURED_AT DESC) = 1
ORDER BY NAME, LABELS
LIMIT 500
