"""Where a thing comes from: whose it is, what it was made from, and the story of one person."""
