-- The ledger names the merges of before again; merges is a JSON array of key and merge_id.
UPDATE OPS.LOADS AS LOADS
SET MERGE_ID = EACH.VALUE:merge_id::VARCHAR
FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:merges))) AS EACH
WHERE LOADS.OBJECT_KEY = EACH.VALUE:key::VARCHAR
