"""The catalogue door: who can be reached, what their models can do and cost, and which of them the caller's key may use."""
