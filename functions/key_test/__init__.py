"""The door that tries a key; with chat the only one that may open keys."""
