-- A limit that somebody set for a portfolio: the newest row of a portfolio and metric is in force, and one without numbers takes
-- the limit away. Rows are never changed, so that it can be told which limit was in force when, and who set it.
CREATE TABLE IF NOT EXISTS APP.LIMITS (
    PORTFOLIO_ID VARCHAR NOT NULL,
    METRIC VARCHAR NOT NULL,
    AMBER FLOAT,
    RED FLOAT,
    SET_BY VARCHAR NOT NULL,
    SET_AT TIMESTAMP_NTZ(6) NOT NULL
);
