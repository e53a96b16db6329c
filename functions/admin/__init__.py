"""The door for admins: people, providers and shared keys, limits, what was done, and what looked suspicious."""
