-- When the first object was loaded.
SELECT COALESCE(MIN(COPIED_AT), :now) AS BEGAN
FROM OPS.LOADS
