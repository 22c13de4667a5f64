"""Audits the bucket's rules, puts back what is ours, and reports what is stored and what it costs."""
