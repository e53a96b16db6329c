"""What is refused for what it says, and what looks suspicious."""
