-- Bars whose prices are in no possible order, or whose volume is negative.
-- In place of RULE_... stand the rule's table and columns: no engine binds them.
WITH ASKED AS (
    SELECT
        RULE_COORDINATES,
        OPEN,
        HIGH,
        LOW,
        CLOSE,
        VOLUME,
        COALESCE(
            LOW > LEAST(OPEN, CLOSE, COALESCE(RULE_VWAP, CLOSE))
            OR HIGH < GREATEST(OPEN, CLOSE, COALESCE(RULE_VWAP, CLOSE))
            OR LOW > HIGH
            OR VOLUME < 0,
            FALSE
        ) AS OFFENDS
    FROM RULE_TABLE
    WHERE
        RULE_TIME >= :first
        AND RULE_TIME < :end
        AND (:by_days = 1 OR TIME_SLICE(CAST(RULE_TIME AS TIMESTAMP_NTZ), 10, 'MINUTE') IN (:slices))
),

OFFENDERS AS (
    SELECT *
    FROM ASKED
    WHERE OFFENDS
),

TOTALS AS (
    SELECT
        COUNT(*) AS CHECKED,
        COALESCE(COUNT_IF(OFFENDS), 0) AS OFFENDING
    FROM ASKED
)

SELECT
    OFFENDERS.*,
    TOTALS.CHECKED,
    TOTALS.OFFENDING
FROM TOTALS
LEFT JOIN OFFENDERS ON TOTALS.OFFENDING > 0
QUALIFY ROW_NUMBER() OVER (ORDER BY RULE_COORDINATES) <= :most
