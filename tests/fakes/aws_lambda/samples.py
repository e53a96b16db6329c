"""Requests as callers write them, and the events that AWS makes of them."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.fakes.aws_lambda.events import function_url, rest_api
from tests.fakes.aws_lambda.wire import Request
from tests.fakes.gateway import ROOT

EVENTS = ROOT / "events"
PAYLOADS = {"2.0": function_url, "1.0": rest_api}
ADDRESS = "203.0.113.7"


def event(
    version: str = "2.0",
    *,
    method: str = "GET",
    target: str = "/api/health",
    body: bytes = b"",
    headers: list[tuple[str, str]] | None = None,
) -> bytes:
    """An event of that payload."""
    request = Request(method, target, headers or [], asyncio.StreamReader.__new__(asyncio.StreamReader))
    return PAYLOADS[version](request, body, ADDRESS)


def changed(version: str = "2.0", **fields: Any) -> bytes:
    """An event with fields that AWS would not write so."""
    return json.dumps({**json.loads(event(version)), **fields}).encode()


def sample(door: str, case: str) -> bytes:
    """A file of events/."""
    return (EVENTS / door / f"{case}.json").read_bytes()


def samples(door: str) -> set[str]:
    """The names of all of them."""
    return {Path(file).stem for file in (EVENTS / door).glob("*.json")}
