"""What stands above every page: where the reader is, how they look at it, and how old it is."""

from dashboard.frame.bar import bar

__all__ = ["bar"]
