-- Minute bars of two hours and a half before now for whatever trades, so that charts and sparklines of a platform that has just started are full.
INSERT INTO CURATED.BARS_1M (SYMBOL, SOURCE, BAR_START, ORIGIN, OPEN, HIGH, LOW, CLOSE, VOLUME, TRADES, VWAP)
SELECT
    L.SYMBOL,
    L.SOURCE,
    DATEADD(MINUTE, -M.N, DATE_TRUNC('MINUTE', L.EVENT_TIME)) AS BAR_START,
    'trades' AS ORIGIN,
    ROUND(L.PRICE * (1 + SIN(M.N) / 500), 2) AS OPEN,
    ROUND(L.PRICE * 1.004, 2) AS HIGH,
    ROUND(L.PRICE * 0.996, 2) AS LOW,
    ROUND(L.PRICE * (1 + SIN(M.N - 1) / 500), 2) AS CLOSE,
    100 * M.N AS VOLUME,
    M.N AS TRADES,
    L.PRICE AS VWAP
FROM CURATED.LATEST AS L
CROSS JOIN (SELECT ROW_NUMBER() OVER (ORDER BY SEQ4()) + 30 AS N FROM TABLE(GENERATOR(ROWCOUNT => 120))) AS M;
