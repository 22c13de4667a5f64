INSERT INTO APP.EXPORTS (
    EXPORT_ID, EXPORTED_AT, EXPORTED_BY, PAGE, TITLE, QUERY, AS_OF, SOURCES, FEEDS, FORMAT, FILE_NAME, ROW_COUNT, SIZE_BYTES, SHA256
)
SELECT
    :export_id,
    :exported_at,
    :exported_by,
    :page,
    :title,
    :query,
    :as_of,
    :sources,
    :feeds,
    :format,
    :file_name,
    :row_count,
    :size_bytes,
    :sha256
