"""What things cost, measured and printed; never asserted by a timed test."""
