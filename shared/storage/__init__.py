"""What is kept: one table, its port (`table`), its engines (`sqlite`, `dynamodb`), every pk and sk (`layout`), a file of functions for each record."""
