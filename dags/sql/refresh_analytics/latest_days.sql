-- When the last five trading days began of what is at work and of all that it is correlated with; far ahead when there are none.
WITH PAIRS AS (
    SELECT
        CAST(EACH.VALUE:symbol AS VARCHAR) AS SYMBOL,
        CAST(EACH.VALUE:source AS VARCHAR) AS SOURCE
    FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:pairs))) AS EACH
),

DAYS AS (
    SELECT
        BAR_START,
        ROW_NUMBER() OVER (PARTITION BY SYMBOL, SOURCE ORDER BY BAR_START DESC) AS NTH
    FROM CURATED.BARS_1D
    WHERE
        (SESSION IS NULL OR SESSION <> 'extended')
        AND SOURCE IN (SELECT SOURCE FROM PAIRS)
)

SELECT COALESCE(DATEADD(DAY, -1, MIN(BAR_START)), CAST('9999-12-31' AS TIMESTAMP_NTZ(6))) AS SINCE
FROM DAYS
WHERE NTH <= 5
