-- A JSON array of rows; each row is an array in the order of the columns.
INSERT INTO OPS.CONTRACTS (TABLE_NAME, NEW_FIELDS)
SELECT
    EACH.VALUE[0]::VARCHAR,
    EACH.VALUE[1]::VARCHAR
FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:list))) AS EACH
