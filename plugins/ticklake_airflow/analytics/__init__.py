"""Larger bars, indicators and figures of risk, made again where bars have changed."""
