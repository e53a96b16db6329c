"""This door under AWS's own Python client, asked with every sample event of events/analytics."""

from pathlib import Path

from tests.fakes.aws_lambda.replayed import buffered, replayed

EXPECTED = {
    "cold-start": 401,
    "function-url": 401,
    "http-api": 401,
    "malformed": "RuntimeError",
    "malformed-body": "Error",
    "rest-api": 401,
}
"""An event that no front door makes is an error of the function's, which Mangum raises and AWS's client reports."""


async def test_every_sample_event_is_answered_and_the_process_outlives_the_broken_ones(tmp_path: Path) -> None:
    assert await replayed("analytics", buffered("analytics", tmp_path)) == EXPECTED
