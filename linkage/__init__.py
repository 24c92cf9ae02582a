"""Probabilistic record linkage of any two tables, and of claims stays with hospital cases and doses."""
