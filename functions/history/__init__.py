"""The history door: conversations that the caller asked us to keep. It opens their owner's journal, and no provider key."""
