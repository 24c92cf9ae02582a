"""What a node, an edge, an identifier, a unit and a saved question are; the ledger; the graph over Bolt."""
