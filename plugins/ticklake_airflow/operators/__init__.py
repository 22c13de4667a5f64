"""Operators of our own, for what the providers' leave open."""
