"""The one-machine platform: broker, store, warehouse, Airflow and the services under a supervisor."""
