"""The processes that are measured where no command of `doselink` does exactly the work in question."""
