-- Alarms that are raised now, and those that were cleared since.
SELECT
    NAME,
    STATE,
    SINCE,
    CHANGED_AT,
    DETAIL,
    VALUE,
    THRESHOLD
FROM OPS.ALARMS
WHERE STATE = 'raised' OR CHANGED_AT >= :since
ORDER BY STATE DESC, CHANGED_AT DESC
LIMIT 20
