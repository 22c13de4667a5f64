-- Every measurement of what the page draws since a time, oldest first.
SELECT
    NAME,
    LABELS,
    MEASURED_AT,
    VALUE
FROM OPS.METRICS
WHERE
    MEASURED_AT >= :since
    AND NAME IN (
        'lag_records', 'hop_age_s', 'hop_waiting_s', 'load_p50_s', 'load_p95_s', 'copy_success_percent', 'dashboard_response_s', 'dashboard_rerun_p95_s',
        'to_screen_p50_s', 'to_screen_p95_s', 'to_screen_p99_s', 'calls_left'
    )
ORDER BY MEASURED_AT, NAME, LABELS
LIMIT 20000
