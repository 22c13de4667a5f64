"""The page "Ticklake" in Airflow's UI: how the platform is, and ways to act."""
