-- What is drawn over the bars of one symbol, source and interval.
SELECT
    BAR_START,
    SMA_20,
    EMA_12,
    EMA_26,
    BOLLINGER_UPPER,
    BOLLINGER_LOWER,
    SESSION_VWAP,
    RSI_14
FROM CURATED.INDICATORS
WHERE
    BAR_INTERVAL = :bar_interval
    AND SYMBOL = :symbol
    AND SOURCE = :source
    AND BAR_START >= :since
    AND BAR_START < :until
ORDER BY BAR_START
