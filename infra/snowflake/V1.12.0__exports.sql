-- A table that somebody took away as a file, written before its first byte left. SHA256 is of the data file; QUERY is the
-- statement or the address of the page that shows it again; SOURCES and FEEDS are names separated by commas.
CREATE TABLE IF NOT EXISTS APP.EXPORTS (
    EXPORT_ID VARCHAR NOT NULL,
    EXPORTED_AT TIMESTAMP_NTZ(6) NOT NULL,
    EXPORTED_BY VARCHAR NOT NULL,
    PAGE VARCHAR NOT NULL,
    TITLE VARCHAR NOT NULL,
    QUERY VARCHAR NOT NULL,
    AS_OF TIMESTAMP_NTZ(6) NOT NULL,
    SOURCES VARCHAR NOT NULL,
    FEEDS VARCHAR NOT NULL,
    FORMAT VARCHAR NOT NULL,
    FILE_NAME VARCHAR NOT NULL,
    ROW_COUNT NUMBER(18, 0) NOT NULL,
    SIZE_BYTES NUMBER(18, 0) NOT NULL,
    SHA256 VARCHAR NOT NULL
);
