"""The screens: what the warehouse holds, how old it is, and nothing that it does not know."""
