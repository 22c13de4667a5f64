-- Who made the newest version of a rule, and which it is.
SELECT
    VERSION,
    CHANGED_BY
FROM APP.ALERT_RULES
WHERE RULE_ID = :rule_id
ORDER BY VERSION DESC, CHANGED_AT DESC
LIMIT 1
