-- advances is a JSON array: generation, partition_id and next_offset, the watermark after this merge.
UPDATE OPS.LOADS AS LOADS
SET STATE = 'MERGED', MERGE_ID = :merge_id, MERGED_AT = :now
FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:advances))) AS EACH
WHERE
    LOADS.STATE = 'COPIED'
    AND LOADS.GENERATION = EACH.VALUE:generation::NUMBER(9, 0)
    AND LOADS.PARTITION_ID = EACH.VALUE:partition_id::NUMBER(9, 0)
    AND LOADS.LAST_OFFSET < EACH.VALUE:next_offset::NUMBER(18, 0)
