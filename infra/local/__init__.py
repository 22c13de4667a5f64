"""The platform on one machine: no account, no Docker. `python -m infra.local up` starts it; `make up` does that."""
