-- The limits that are in force of a portfolio where somebody has set them: the newest of each metric; without numbers it is taken away.
SELECT
    METRIC,
    AMBER,
    RED,
    SET_BY,
    SET_AT
FROM APP.LIMITS
WHERE PORTFOLIO_ID = :portfolio
QUALIFY ROW_NUMBER() OVER (PARTITION BY METRIC ORDER BY SET_AT DESC) = 1
ORDER BY METRIC
