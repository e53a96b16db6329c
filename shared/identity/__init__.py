"""Who calls: accounts (port, and its home on one machine), access tokens, and the caller that both lead to."""
