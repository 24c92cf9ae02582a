"""What a run has to say: the summary's model, the charts and the one page that opens offline."""
