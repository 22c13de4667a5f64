-- loads is a JSON array of objects, so that any number of ledger rows is one statement with one value.
INSERT INTO OPS.BATCH_LOADS (OBJECT_KEY, ROWS_LOADED, AS_OF, RUN_ID, LOADED_AT)
SELECT
    EACH.VALUE:object_key::VARCHAR,
    EACH.VALUE:rows::NUMBER(18, 0),
    EACH.VALUE:as_of::TIMESTAMP_NTZ(6),
    :run_id,
    :now
FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:loads))) AS EACH
