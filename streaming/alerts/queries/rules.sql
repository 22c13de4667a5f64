-- The newest version of each rule, where it is active. The text never changes, so that Snowflake answers from its result cache while the table has not.
SELECT
    RULE_ID,
    VERSION,
    OWNER,
    SYMBOL,
    SOURCE,
    KIND,
    CHANGED_AT,
    CAST(PRICE_LEVEL AS VARCHAR) AS PRICE_LEVEL,
    CAST(MOVE_PERCENT AS VARCHAR) AS MOVE_PERCENT,
    WINDOW_S,
    ONCE,
    NOTE
FROM APP.ALERT_RULES
QUALIFY ROW_NUMBER() OVER (PARTITION BY RULE_ID ORDER BY VERSION DESC, CHANGED_AT DESC) = 1 AND STATE = 'active'
ORDER BY RULE_ID
