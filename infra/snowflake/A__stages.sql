-- What COPY reads from. On Snowflake the storage integration is attached by the account's own scripts.
-- Without its logical type, a time of our Parquet is a plain number to Snowflake.
CREATE OR REPLACE FILE FORMAT RAW.PARQUET TYPE = PARQUET USE_LOGICAL_TYPE = TRUE;
CREATE STAGE IF NOT EXISTS RAW.LAKE URL = 's3://{bucket}/';
