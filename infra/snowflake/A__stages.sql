-- What COPY reads from. On Snowflake the storage integration is attached by the account's own scripts.
CREATE FILE FORMAT IF NOT EXISTS RAW.PARQUET TYPE = PARQUET;
CREATE STAGE IF NOT EXISTS RAW.LAKE URL = 's3://{bucket}/';
