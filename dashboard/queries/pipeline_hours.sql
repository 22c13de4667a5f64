-- By UTC hour since a time: minutes that were judged and that were available, and the seconds that statements took.
SELECT
    DATE_TRUNC('HOUR', MEASURED_AT) AS HOUR_START,
    COUNT(CASE WHEN NAME = 'minute_available' THEN 1 END) AS JUDGED,
    COUNT(CASE WHEN NAME = 'minute_available' AND VALUE = 1 THEN 1 END) AS AVAILABLE,
    SUM(CASE WHEN NAME = 'warehouse_seconds' THEN VALUE ELSE 0 END) AS WAREHOUSE_S
FROM OPS.METRICS
WHERE MEASURED_AT >= :since AND NAME IN ('minute_available', 'warehouse_seconds')
GROUP BY DATE_TRUNC('HOUR', MEASURED_AT)
ORDER BY HOUR_START
