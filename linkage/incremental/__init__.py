"""Runs that build on each other: what has to be scored, who keeps which id, and why a link changed."""
