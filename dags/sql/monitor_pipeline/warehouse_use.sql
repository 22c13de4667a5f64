-- The accounts that sessions left.
SELECT
    MEASURED_AT,
    VALUE
FROM OPS.METRICS
WHERE NAME = 'warehouse_seconds' AND MEASURED_AT >= :day
ORDER BY MEASURED_AT
