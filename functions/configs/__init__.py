"""The door to provider configs: keys go in and are sealed here, and never come out."""
