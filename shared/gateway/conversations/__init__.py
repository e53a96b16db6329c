"""Kept conversations: sealed in their owner's journal, read back as the context of the next answer."""
