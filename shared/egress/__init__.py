"""The only way out: address rules, one resolution, pinned connections, bounds."""
