"""Comparisons made of levels: by thresholds of one measure, of persons, of codes."""
