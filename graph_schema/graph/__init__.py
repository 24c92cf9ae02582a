"""The property graph: one adapter over Bolt, for the embedded server and for Neo4j alike."""
