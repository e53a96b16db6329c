"""No door: a clock calls it each minute. It tells alerts to the webhook, and opens what they are signed with and nothing else."""
