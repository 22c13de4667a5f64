-- What RAW.TICKS holds of each claimed object, as in checksum.sql.
SELECT
    OBJECT_KEY,
    COUNT(*) AS N,
    COALESCE(SUM(CAST(SUBSTR(TRANSLATE(MD5(':row'), 'abcdef', '012345'), 1, 27) AS NUMBER(37, 0))), 0) AS CHECKSUM
FROM RAW.TICKS
WHERE
    OBJECT_KEY IN (
        SELECT OBJECT_KEY
        FROM OPS.LOADS
        WHERE MERGE_ID = :merge_id
    )
GROUP BY OBJECT_KEY
