-- Bytes of raw objects that landed since a time, and the seconds from the first of them to now.
SELECT
    COALESCE(SUM(CAST(SIZE_BYTES AS NUMBER(37, 0))), 0) AS N,
    COALESCE(DATEDIFF('SECOND', MIN(LANDED_AT), :now), 0) AS SPAN_S
FROM OPS.LOADS
WHERE LANDED_AT >= :since
