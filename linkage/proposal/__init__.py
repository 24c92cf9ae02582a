"""Proposal: what to compare and how, which pairs are worth it, how many partners: from the data alone."""
