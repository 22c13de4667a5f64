-- A row of a batch object. KIND is 'bar', 'split' or 'dividend'; of a symbol, source, day and kind the row with the newest
-- AS_OF counts. A split or a dividend without its number says that the source has taken it back. The prices from ADJ_OPEN on
-- are the vendor's own, where the source has those instead of splits and dividends.
CREATE TABLE IF NOT EXISTS RAW.DAILY_BARS (
    OBJECT_KEY VARCHAR NOT NULL,
    AS_OF TIMESTAMP_NTZ(6) NOT NULL,
    SYMBOL VARCHAR NOT NULL,
    SOURCE VARCHAR NOT NULL,
    BAR_DATE DATE NOT NULL,
    KIND VARCHAR NOT NULL,
    OPEN NUMBER(20, 8),
    HIGH NUMBER(20, 8),
    LOW NUMBER(20, 8),
    CLOSE NUMBER(20, 8),
    VOLUME NUMBER(37, 0),
    ADJ_OPEN NUMBER(20, 8),
    ADJ_HIGH NUMBER(20, 8),
    ADJ_LOW NUMBER(20, 8),
    ADJ_CLOSE NUMBER(20, 8),
    RATIO NUMBER(20, 8),
    AMOUNT NUMBER(20, 8)
);

-- A minute of a vendor, as it came: the newest AS_OF of a symbol, source and minute counts.
CREATE TABLE IF NOT EXISTS RAW.MINUTE_BARS (
    OBJECT_KEY VARCHAR NOT NULL,
    AS_OF TIMESTAMP_NTZ(6) NOT NULL,
    SYMBOL VARCHAR NOT NULL,
    SOURCE VARCHAR NOT NULL,
    BAR_START TIMESTAMP_NTZ(6) NOT NULL,
    OPEN NUMBER(20, 8) NOT NULL,
    HIGH NUMBER(20, 8) NOT NULL,
    LOW NUMBER(20, 8) NOT NULL,
    CLOSE NUMBER(20, 8) NOT NULL,
    VOLUME NUMBER(37, 0) NOT NULL
);

-- A session of a symbol from one source, as traded, and as it compares with today's shares. ADJUSTED_BY says whose adjustment
-- that is: 'actions' (ours, from CURATED.CORPORATE_ACTIONS) or 'vendor' (which leaves the volume as it is).
CREATE TABLE IF NOT EXISTS CURATED.DAILY_BARS (
    SYMBOL VARCHAR NOT NULL,
    SOURCE VARCHAR NOT NULL,
    BAR_DATE DATE NOT NULL,
    OPEN NUMBER(20, 8) NOT NULL,
    HIGH NUMBER(20, 8) NOT NULL,
    LOW NUMBER(20, 8) NOT NULL,
    CLOSE NUMBER(20, 8) NOT NULL,
    VOLUME NUMBER(37, 0) NOT NULL,
    ADJ_OPEN NUMBER(20, 8) NOT NULL,
    ADJ_HIGH NUMBER(20, 8) NOT NULL,
    ADJ_LOW NUMBER(20, 8) NOT NULL,
    ADJ_CLOSE NUMBER(20, 8) NOT NULL,
    ADJ_VOLUME NUMBER(37, 8) NOT NULL,
    ADJUSTED_BY VARCHAR NOT NULL,
    OBJECT_KEY VARCHAR NOT NULL
);

-- A split (RATIO: new shares for an old one) or a dividend (AMOUNT: cash for a share as it trades on that day).
CREATE TABLE IF NOT EXISTS CURATED.CORPORATE_ACTIONS (
    SYMBOL VARCHAR NOT NULL,
    SOURCE VARCHAR NOT NULL,
    EX_DATE DATE NOT NULL,
    KIND VARCHAR NOT NULL,
    RATIO NUMBER(20, 8),
    AMOUNT NUMBER(20, 8),
    OBJECT_KEY VARCHAR NOT NULL
);

-- The ledger of the batch feed: an object that is loaded. An object of batch/ that is not here is loaded by the next run.
CREATE TABLE IF NOT EXISTS OPS.BATCH_LOADS (
    OBJECT_KEY VARCHAR NOT NULL,
    ROWS_LOADED NUMBER(18, 0) NOT NULL,
    AS_OF TIMESTAMP_NTZ(6) NOT NULL,
    RUN_ID VARCHAR NOT NULL,
    LOADED_AT TIMESTAMP_NTZ(6) NOT NULL
);
