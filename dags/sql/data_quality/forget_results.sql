-- A run that is tried again tells its results once.
DELETE FROM OPS.DQ_RESULTS
WHERE RUN_ID = :run_id
