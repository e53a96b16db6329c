"""What the doors share. Arrows point inward; see docs/architecture.md."""
