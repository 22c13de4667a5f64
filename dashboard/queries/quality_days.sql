-- How each rule fared by UTC day: checks, those it was broken in, those that could not be asked, and the most that offended in one.
SELECT
    RULE,
    CAST(MAX(OFFENDING) AS DOUBLE) AS MOST_OFFENDING,
    CAST(TO_DATE(CHECKED_AT) AS VARCHAR) AS CHECKED_ON,
    COUNT(*) AS CHECKS,
    COUNT(CASE WHEN STATUS = 'broken' THEN 1 END) AS BROKEN,
    COUNT(CASE WHEN STATUS = 'unknown' THEN 1 END) AS UNKNOWN
FROM OPS.DQ_RESULTS
WHERE CHECKED_AT >= :since
GROUP BY RULE, CAST(TO_DATE(CHECKED_AT) AS VARCHAR)
ORDER BY RULE, CHECKED_ON
