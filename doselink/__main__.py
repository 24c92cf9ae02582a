"""`python -m doselink`: the command, where its script is not on the path."""

from doselink.cli.main import main

main()
