"""The Portfolio page's parts: what is read and stored, what is computed once for all sessions, and one module a panel."""
