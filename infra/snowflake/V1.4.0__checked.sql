-- Fields of a tick that the contract does not know, as one JSON object; null when there are none.
ALTER TABLE RAW.TICKS ADD COLUMN IF NOT EXISTS EXTRA VARCHAR;
ALTER TABLE CURATED.TICKS ADD COLUMN IF NOT EXISTS EXTRA VARCHAR;

-- Why an object was given up; null in all others.
ALTER TABLE OPS.LOADS ADD COLUMN IF NOT EXISTS SET_ASIDE_REASON VARCHAR;

-- What happens to new fields of a table: NEW_FIELDS is 'evolve' (they are kept in EXTRA) or 'freeze' (the row is quarantined).
CREATE TABLE IF NOT EXISTS OPS.CONTRACTS (
    TABLE_NAME VARCHAR NOT NULL,
    NEW_FIELDS VARCHAR NOT NULL
);

-- A minute whose bar was made anew, and by which merge. Who has worked on it deletes it.
CREATE TABLE IF NOT EXISTS OPS.BAR_CHANGES (
    SYMBOL VARCHAR NOT NULL,
    SOURCE VARCHAR NOT NULL,
    BAR_START TIMESTAMP_NTZ(6) NOT NULL,
    MERGE_ID VARCHAR NOT NULL
);

-- RULE is the first rule that a row breaks, the consumer's own rejection before all others; null in a valid row.
CREATE OR REPLACE VIEW RAW.CHECKED_TICKS AS
SELECT
    GENERATION,
    PARTITION_ID,
    OFFSET_ID,
    KAFKA_TIME,
    OBJECT_KEY,
    REJECT_REASON,
    V,
    TICK_ID,
    SYMBOL,
    VENUE,
    CONDITIONS,
    KIND,
    EVENT_TIME,
    RECEIVED_AT,
    PRICE,
    BID,
    ASK,
    OPEN,
    HIGH,
    LOW,
    PREV_CLOSE,
    SIZE,
    DAY_VOLUME,
    SOURCE,
    FEED,
    SEQUENCE,
    EXTRA,
    CASE
        WHEN REJECT_REASON IS NOT NULL THEN REJECT_REASON
        WHEN COALESCE(TICK_ID, '') = '' THEN 'tick_id: missing'
        WHEN COALESCE(SYMBOL, '') = '' THEN 'symbol: missing'
        WHEN COALESCE(SOURCE, '') = '' THEN 'source: missing'
        WHEN COALESCE(KIND, '') NOT IN ('trade', 'quote') THEN 'kind: unknown'
        WHEN COALESCE(FEED, '') NOT IN ('realtime', 'delayed', 'eod', 'replay', 'synthetic') THEN 'feed: unknown'
        WHEN EVENT_TIME IS NULL OR EVENT_TIME < '1970-01-01' OR EVENT_TIME >= '2200-01-01' THEN 'event_time: not from 1970 to 2199'
        WHEN RECEIVED_AT IS NULL OR RECEIVED_AT < '1970-01-01' OR RECEIVED_AT >= '2200-01-01' THEN 'received_at: not from 1970 to 2199'
        WHEN PRICE IS NULL OR PRICE <= 0 THEN 'price: not above 0'
        WHEN SIZE < 0 THEN 'size: below 0'
        WHEN DAY_VOLUME < 0 THEN 'day_volume: below 0'
        WHEN SEQUENCE IS NULL OR SEQUENCE < 0 THEN 'sequence: missing or below 0'
        WHEN
            EXTRA IS NOT NULL
            AND (
                SELECT MAX(NEW_FIELDS)
                FROM OPS.CONTRACTS
                WHERE TABLE_NAME = 'CURATED.TICKS'
            ) = 'freeze'
            THEN 'unknown_field: ' || COALESCE(ARRAY_TO_STRING(OBJECT_KEYS(TRY_PARSE_JSON(EXTRA)), ', '), '?')
    END AS RULE
FROM RAW.TICKS;

-- The rows that may become winners: valid, and not in quarantine, whoever put them there.
CREATE OR REPLACE VIEW RAW.CANDIDATES AS
SELECT
    CHECKED.GENERATION,
    CHECKED.PARTITION_ID,
    CHECKED.OFFSET_ID,
    CHECKED.KAFKA_TIME,
    CHECKED.OBJECT_KEY,
    CHECKED.TICK_ID,
    CHECKED.SYMBOL,
    CHECKED.SOURCE,
    CHECKED.FEED,
    CHECKED.KIND,
    CHECKED.EVENT_TIME,
    CHECKED.RECEIVED_AT,
    CHECKED.PRICE,
    CHECKED.SIZE,
    CHECKED.DAY_VOLUME,
    CHECKED.BID,
    CHECKED.ASK,
    CHECKED.PREV_CLOSE,
    CHECKED.VENUE,
    CHECKED.CONDITIONS,
    CHECKED.SEQUENCE,
    CHECKED.EXTRA
FROM RAW.CHECKED_TICKS AS CHECKED
WHERE
    CHECKED.RULE IS NULL
    AND NOT EXISTS (
        SELECT 1
        FROM OPS.QUARANTINE AS QUARANTINE
        WHERE
            QUARANTINE.GENERATION = CHECKED.GENERATION
            AND QUARANTINE.PARTITION_ID = CHECKED.PARTITION_ID
            AND QUARANTINE.OFFSET_ID = CHECKED.OFFSET_ID
    );
