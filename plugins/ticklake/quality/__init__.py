"""Data quality rules as data: a file of them is `file`, the kinds there are `kinds`."""
