"""The batch run: deliveries in, one commit out, the graph brought up, the report written."""
