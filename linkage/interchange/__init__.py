"""Linkage data in the form of other tools. Each tool is imported in its own module only."""
