-- A version of a rule, unless somebody has made it already.
INSERT INTO APP.ALERT_RULES (
    RULE_ID, VERSION, STATE, OWNER, SYMBOL, SOURCE, KIND, PRICE_LEVEL, MOVE_PERCENT, WINDOW_S, ONCE, NOTE, CHANGED_BY, CHANGED_AT
)
SELECT
    :rule_id,
    :version,
    :state,
    :owner,
    :symbol,
    :source,
    :kind,
    CAST(:level AS NUMBER(20, 8)) AS PRICE_LEVEL,
    CAST(:percent AS NUMBER(9, 4)) AS MOVE_PERCENT,
    :window_s,
    :once,
    :note,
    :changed_by,
    :changed_at
WHERE NOT EXISTS (
    SELECT 1 FROM APP.ALERT_RULES
    WHERE RULE_ID = :rule_id AND VERSION >= :version
)
