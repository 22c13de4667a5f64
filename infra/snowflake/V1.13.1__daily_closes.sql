-- The days that daily figures are made of, one way for each symbol and source: adjusted bars of the batch feed where it has any,
-- else the days of its ticks, which nobody has adjusted. Of those the newest may not have ended, so it counts when a later one is there.
CREATE OR REPLACE VIEW CURATED.DAILY_CLOSES AS
WITH TICK_DAYS AS (
    SELECT
        DAYS.SYMBOL,
        DAYS.SOURCE,
        DAYS.HIGH,
        DAYS.LOW,
        DAYS.CLOSE,
        DAYS.VOLUME,
        TO_DATE(DAYS.BAR_START) AS BAR_DATE,
        ROW_NUMBER() OVER (PARTITION BY DAYS.SYMBOL, DAYS.SOURCE ORDER BY DAYS.BAR_START DESC) AS DAY_NTH
    FROM CURATED.BARS_1D AS DAYS
    WHERE
        (DAYS.SESSION IS NULL OR DAYS.SESSION <> 'extended')
        AND NOT EXISTS (
            SELECT 1 FROM CURATED.DAILY_BARS AS BARS
            WHERE DAYS.SYMBOL = BARS.SYMBOL AND DAYS.SOURCE = BARS.SOURCE
        )
)

SELECT
    SYMBOL,
    SOURCE,
    BAR_DATE,
    ADJ_HIGH AS HIGH,
    ADJ_LOW AS LOW,
    ADJ_CLOSE AS CLOSE,
    ADJ_VOLUME AS VOLUME,
    'daily bars' AS MADE_OF
FROM CURATED.DAILY_BARS
WHERE ADJ_CLOSE > 0 AND ADJ_LOW > 0
UNION ALL
SELECT
    SYMBOL,
    SOURCE,
    BAR_DATE,
    HIGH,
    LOW,
    CLOSE,
    VOLUME,
    'ticks' AS MADE_OF
FROM TICK_DAYS
WHERE DAY_NTH > 1;
