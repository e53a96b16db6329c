"""What is created in an AWS account: constructs by concern, and a stack that only composes."""
