"""Who can be reached, as data: rows, how they want to see a key, their quirks, what their models can do and cost."""
