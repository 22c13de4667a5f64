-- Bars of trades in whose minute there is no trade; windows as in stray_ticks.sql.
INSERT INTO OPS.BAR_CHANGES (SYMBOL, SOURCE, BAR_START, MERGE_ID)
SELECT DISTINCT
    BARS.SYMBOL,
    BARS.SOURCE,
    BARS.BAR_START,
    :merge_id
FROM CURATED.BARS_1M AS BARS
INNER JOIN TABLE(FLATTEN(INPUT => PARSE_JSON(:windows))) AS EACH
    ON
        BARS.BAR_START >= DATE_TRUNC('MINUTE', EACH.VALUE:oldest::TIMESTAMP_NTZ(6))
        AND BARS.BAR_START <= EACH.VALUE:newest::TIMESTAMP_NTZ(6)
WHERE
    BARS.ORIGIN = 'trades'
    AND NOT EXISTS (
        SELECT 1
        FROM CURATED.TICKS AS TICKS
        WHERE
            TICKS.KIND = 'trade'
            AND TICKS.SYMBOL = BARS.SYMBOL
            AND TICKS.SOURCE = BARS.SOURCE
            AND DATE_TRUNC('MINUTE', TICKS.EVENT_TIME) = BARS.BAR_START
            AND TICKS.EVENT_TIME >= :first_minute
            AND TICKS.EVENT_TIME < :end_minute
    )
    AND NOT EXISTS (
        SELECT 1
        FROM OPS.BAR_CHANGES AS NOTED
        WHERE
            NOTED.MERGE_ID = :merge_id
            AND NOTED.SYMBOL = BARS.SYMBOL
            AND NOTED.SOURCE = BARS.SOURCE
            AND NOTED.BAR_START = BARS.BAR_START
    )
