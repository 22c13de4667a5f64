-- Calls that each provider's plan had left when it was last measured.
SELECT
    LABELS,
    VALUE,
    MEASURED_AT
FROM OPS.METRICS
WHERE NAME = 'calls_left'
QUALIFY ROW_NUMBER() OVER (PARTITION BY LABELS ORDER BY MEASURED_AT DESC) = 1
