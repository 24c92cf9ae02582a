"""Dose reports and registers to dose events; dose events to organ doses with shared and unshared error."""
