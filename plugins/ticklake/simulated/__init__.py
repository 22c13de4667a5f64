"""The synthetic market: prices, past and to come, as a pure function of a seed. The simulator trades on it, the batch feed tells its past."""
