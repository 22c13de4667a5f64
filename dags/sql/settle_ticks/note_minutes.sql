-- minutes is a JSON array of symbol, source and bar_start. A bar that is made of something else than trades stays.
INSERT INTO OPS.BAR_CHANGES (SYMBOL, SOURCE, BAR_START, MERGE_ID)
SELECT DISTINCT
    EACH.VALUE:symbol::VARCHAR AS SYMBOL,
    EACH.VALUE:source::VARCHAR AS SOURCE,
    EACH.VALUE:bar_start::TIMESTAMP_NTZ(6) AS BAR_START,
    :merge_id
FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:minutes))) AS EACH
LEFT JOIN CURATED.BARS_1M AS BARS
    ON
        EACH.VALUE:symbol::VARCHAR = BARS.SYMBOL
        AND EACH.VALUE:source::VARCHAR = BARS.SOURCE
        AND EACH.VALUE:bar_start::TIMESTAMP_NTZ(6) = BARS.BAR_START
        AND BARS.ORIGIN <> 'trades'
WHERE BARS.SYMBOL IS NULL
