-- Judged minutes since two times, how many of them were good, and when judging began.
SELECT
    COUNT(CASE WHEN MEASURED_AT >= :day THEN 1 END) AS DAY_JUDGED,
    COUNT(CASE WHEN MEASURED_AT >= :day AND VALUE = 1 THEN 1 END) AS DAY_GOOD,
    COUNT(*) AS MONTH_JUDGED,
    COUNT(CASE WHEN VALUE = 1 THEN 1 END) AS MONTH_GOOD,
    COALESCE(MIN(MEASURED_AT), :day) AS FIRST_MINUTE
FROM OPS.METRICS
WHERE NAME = 'minute_available' AND MEASURED_AT >= :month
