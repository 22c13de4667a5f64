"""Exports of what is on screen, each on record before its bytes leave."""
