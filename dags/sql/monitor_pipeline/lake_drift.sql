-- What the newest audit of the bucket's rules found.
SELECT VALUE
FROM OPS.METRICS
WHERE NAME = 'lake_drift'
ORDER BY MEASURED_AT DESC
LIMIT 1
