"""
Measuring: whole processes, peers alternately in one process tree, the machine's facts beside the numbers.

    python -m bench list
    python -m bench run --case 1x --json run.json
"""
