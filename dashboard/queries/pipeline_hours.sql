-- By UTC hour since a time: minutes that were judged and that were available, and the seconds that statements took.
-- A minute may stand there twice, when a run of the monitor broke off: it counts once, as available if all say so.
SELECT
    DATE_TRUNC('HOUR', MEASURED_AT) AS HOUR_START,
    COUNT(DISTINCT CASE WHEN NAME = 'minute_available' THEN MEASURED_AT END) AS JUDGED,
    COUNT(DISTINCT CASE WHEN NAME = 'minute_available' THEN MEASURED_AT END)
    - COUNT(DISTINCT CASE WHEN NAME = 'minute_available' AND VALUE < 1 THEN MEASURED_AT END) AS AVAILABLE,
    SUM(CASE WHEN NAME = 'warehouse_seconds' THEN VALUE ELSE 0 END) AS WAREHOUSE_S
FROM OPS.METRICS
WHERE MEASURED_AT >= :since AND NAME IN ('minute_available', 'warehouse_seconds')
GROUP BY DATE_TRUNC('HOUR', MEASURED_AT)
ORDER BY HOUR_START
