"""Who is told when a DAG fails, and that each fault is told once."""
