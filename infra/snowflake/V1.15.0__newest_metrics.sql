-- The newest value of each metric, for the pages that show how things are; those of which each minute or statement has its own are
-- left out. Who reads it says how old a value may be.
CREATE OR REPLACE VIEW OPS.NEWEST_METRICS AS
SELECT
    METRICS.NAME,
    METRICS.LABELS,
    MAX_BY(METRICS.VALUE, METRICS.MEASURED_AT) AS VALUE,
    MAX_BY(METRICS.UNIT, METRICS.MEASURED_AT) AS UNIT,
    MAX(METRICS.MEASURED_AT) AS MEASURED_AT
FROM OPS.METRICS AS METRICS
WHERE METRICS.NAME NOT IN ('minute_available', 'warehouse_seconds', 'slowest_statement_s')
GROUP BY METRICS.NAME, METRICS.LABELS;
