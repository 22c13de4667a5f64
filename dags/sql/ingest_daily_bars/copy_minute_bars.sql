-- In place of the text after FILES stand the names of the files: neither engine binds them.
COPY INTO RAW.MINUTE_BARS FROM @RAW.LAKE
FILES = (':files')
FILE_FORMAT = (FORMAT_NAME = 'RAW.PARQUET')
MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE
FORCE = TRUE
ON_ERROR = ABORT_STATEMENT
