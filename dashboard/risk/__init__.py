"""The panels of the Risk page, and what they read and write."""
