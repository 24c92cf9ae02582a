"""From what the steps of a run made to the nodes and edges the ledger should hold. Opens nothing."""
