"""Handlers as AWS documents them for Python, which our fake of Lambda is held against: test_aws_clients.py asks each."""

import os
import time
from pathlib import Path
from typing import Any


def answers(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """What it was asked, and what it knows of its time."""
    return {"path": event["rawPath"], "left": context.get_remaining_time_in_millis(), "id": context.aws_request_id}


def fails(_: dict[str, Any], __: Any) -> None:
    raise LookupError("no answer")


def sleeps(_: dict[str, Any], __: Any) -> None:
    time.sleep(60)


def leaves(_: dict[str, Any], __: Any) -> None:
    os._exit(7)


def meets(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Answers when the other one is there, which takes two processes at once."""
    folder = Path(os.environ["MEETING"])
    (folder / event["me"]).touch()
    ends = time.monotonic() + 10
    while not (folder / event["other"]).exists():
        if time.monotonic() > ends:
            raise TimeoutError(event["other"])
        time.sleep(0.01)
    return {"me": event["me"], "process": os.getpid()}
