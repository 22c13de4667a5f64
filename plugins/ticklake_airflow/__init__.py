"""What DAGs are made of: defaults, assets, triggers, and the work of their tasks."""
