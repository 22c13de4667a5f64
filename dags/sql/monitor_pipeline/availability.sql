-- Judged minutes since two times, how many of them were good, and when judging began.
-- A run that broke off after it had written its minutes has them written again by the next one: the worse verdict counts, once.
WITH MINUTES AS (
    SELECT
        MEASURED_AT,
        MIN(VALUE) AS VERDICT
    FROM OPS.METRICS
    WHERE NAME = 'minute_available' AND MEASURED_AT >= :month
    GROUP BY MEASURED_AT
)

SELECT
    COUNT(CASE WHEN MEASURED_AT >= :day THEN 1 END) AS DAY_JUDGED,
    COUNT(CASE WHEN MEASURED_AT >= :day AND VERDICT = 1 THEN 1 END) AS DAY_GOOD,
    COUNT(*) AS MONTH_JUDGED,
    COUNT(CASE WHEN VERDICT = 1 THEN 1 END) AS MONTH_GOOD,
    COALESCE(MIN(MEASURED_AT), :day) AS FIRST_MINUTE
FROM MINUTES
