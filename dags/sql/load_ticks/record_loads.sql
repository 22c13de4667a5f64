-- loads is a JSON array of objects, so that any number of ledger rows is one statement with one value.
INSERT INTO OPS.LOADS (
    OBJECT_KEY, GENERATION, PARTITION_ID, FIRST_OFFSET, LAST_OFFSET, CHAIN_FROM, GAP_REASON, RECORDS, REJECTS,
    FIRST_KAFKA_TIME, LAST_KAFKA_TIME, MIN_EVENT_TIME, MAX_EVENT_TIME, MAX_RECEIVED_AT,
    SCHEMA_VERSION, SHA256, WRITER_ID, ETAG, SIZE_BYTES, LANDED_AT, ROWS_LOADED, SET_ASIDE_REASON, STATE, RUN_ID, COPIED_AT
)
SELECT
    EACH.VALUE:object_key::VARCHAR,
    EACH.VALUE:generation::NUMBER(9, 0),
    EACH.VALUE:partition_id::NUMBER(9, 0),
    EACH.VALUE:first_offset::NUMBER(18, 0),
    EACH.VALUE:last_offset::NUMBER(18, 0),
    EACH.VALUE:chain_from::NUMBER(18, 0),
    EACH.VALUE:gap_reason::VARCHAR,
    EACH.VALUE:records::NUMBER(18, 0),
    EACH.VALUE:rejects::NUMBER(18, 0),
    EACH.VALUE:first_kafka_time::TIMESTAMP_NTZ(6),
    EACH.VALUE:last_kafka_time::TIMESTAMP_NTZ(6),
    EACH.VALUE:min_event_time::TIMESTAMP_NTZ(6),
    EACH.VALUE:max_event_time::TIMESTAMP_NTZ(6),
    EACH.VALUE:max_received_at::TIMESTAMP_NTZ(6),
    EACH.VALUE:schema_version::NUMBER(9, 0),
    EACH.VALUE:sha256::VARCHAR,
    EACH.VALUE:writer_id::VARCHAR,
    EACH.VALUE:etag::VARCHAR,
    EACH.VALUE:size_bytes::NUMBER(18, 0),
    EACH.VALUE:landed_at::TIMESTAMP_NTZ(6),
    EACH.VALUE:rows_loaded::NUMBER(18, 0),
    EACH.VALUE:set_aside_reason::VARCHAR,
    :state,
    :run_id,
    :now
FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:loads))) AS EACH
