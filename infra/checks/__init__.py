"""Checks of the infrastructure's code that no tool of others does without a provider registry."""
