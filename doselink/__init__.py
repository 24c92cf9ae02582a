"""The application: the study file, the batch run, the command line and the report."""

__version__ = "0.1.0"
