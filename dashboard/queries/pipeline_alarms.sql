-- Alarms that are raised now, and those that were cleared since a time; raised ones first.
SELECT
    NAME,
    STATE,
    SINCE,
    CHANGED_AT,
    DETAIL
FROM OPS.ALARMS
WHERE STATE = 'raised' OR CHANGED_AT >= :since
ORDER BY STATE DESC, CHANGED_AT DESC
LIMIT 50
