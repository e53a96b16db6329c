"""The analytics door: what was used, what it cost, how fast it was; for people, spreadsheets and Prometheus."""
