"""No door: a clock calls it every two minutes. It tells alerts to the webhook, and opens what they are signed with and nothing else."""
