-- transactions is a JSON array of objects, numbers as text, so that any number of lines is one statement; a line that is stored adds nothing.
INSERT INTO APP.TRANSACTIONS (
    TRANSACTION_ID, PORTFOLIO_ID, IMPORT_ID, TRADED_ON, KIND, SYMBOL, QUANTITY, PRICE, AMOUNT, RATIO, FEE,
    CURRENCY, FX_RATE, REVERSES, NOTE, ENTERED_BY, ENTERED_AT, LINE
)
SELECT
    EACH.VALUE:id::VARCHAR,
    :portfolio,
    EACH.VALUE:import_id::VARCHAR,
    EACH.VALUE:traded_on::DATE,
    EACH.VALUE:kind::VARCHAR,
    EACH.VALUE:symbol::VARCHAR,
    EACH.VALUE:quantity::NUMBER(20, 8),
    EACH.VALUE:price::NUMBER(20, 8),
    EACH.VALUE:amount::NUMBER(20, 8),
    EACH.VALUE:ratio::NUMBER(20, 8),
    EACH.VALUE:fee::NUMBER(20, 8),
    EACH.VALUE:currency::VARCHAR,
    EACH.VALUE:rate::NUMBER(24, 12),
    EACH.VALUE:reverses::VARCHAR,
    EACH.VALUE:note::VARCHAR,
    EACH.VALUE:entered_by::VARCHAR,
    EACH.VALUE:entered_at::TIMESTAMP_NTZ(6),
    EACH.VALUE:line::NUMBER(9, 0)
FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:transactions))) AS EACH
WHERE NOT EXISTS (
    SELECT 1 FROM APP.TRANSACTIONS AS KNOWN
    WHERE KNOWN.TRANSACTION_ID = EACH.VALUE:id::VARCHAR
)
