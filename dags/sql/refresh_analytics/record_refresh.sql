INSERT INTO OPS.REFRESHES (RUN_ID, REFRESHED_AT, MINUTES, DAILY_SYMBOLS)
SELECT
    :run_id,
    :now,
    :minutes,
    :daily_symbols
