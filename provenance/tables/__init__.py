"""Tables that are shipped: demonstrations, which say so in their names. Package data."""
