"""What a request may spend, what is held for it while it runs, what it used, and the one row in which it ends."""
