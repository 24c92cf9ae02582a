"""Everything a run computes, step by step, and nothing that is committed. Reads deliveries; keeps a cache."""
