-- While it settles objects, a merge has them as its own, so that the statements of a load find them.
UPDATE OPS.LOADS
SET STATE = 'MERGED', MERGE_ID = :merge_id, MERGED_AT = COALESCE(MERGED_AT, :now)
WHERE OBJECT_KEY IN (
    SELECT EACH.VALUE::VARCHAR
    FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:keys))) AS EACH
)
