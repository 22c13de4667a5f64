-- The newest tick of all; no row when there is none.
SELECT
    MAX(RECEIVED_AT) AS RECEIVED_AT,
    MAX(EVENT_TIME) AS EVENT_TIME
FROM CURATED.LATEST
HAVING COUNT(*) > 0
