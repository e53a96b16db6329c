"""Lambda's side, for tests: the Runtime API that a function's process asks, and the front door that its callers ask.

Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and what AWS's own clients send (aws-lambda-ric, awslambdaric; 2026-11), which
are held against it in `test_aws_clients.py`. A process is not frozen between invocations, and nothing is metered.
"""
