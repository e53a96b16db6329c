"""One question to one target: its words, its key, the wire, what may be tried again, and what is learnt of the key."""
