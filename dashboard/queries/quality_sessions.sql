-- The newest ten sessions of a calendar that had begun by a time.
SELECT
    OPENS_AT,
    CLOSES_AT,
    CAST(SESSION_DATE AS VARCHAR) AS SESSION_DATE
FROM CURATED.SESSIONS
WHERE CALENDAR = :calendar AND OPENS_AT <= :until
ORDER BY OPENS_AT DESC
LIMIT 10
