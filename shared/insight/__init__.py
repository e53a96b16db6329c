"""What the counters tell: sums by day, provider, model and token, percentiles, a spreadsheet, a page for Prometheus, a line in the log."""
