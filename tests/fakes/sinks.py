"""Wherever a secret could end up, and the one question that is asked of all of it after a fault: is a secret in there, in whatever spelling? Invariant (e)."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shared.egress.exchange import Outbound
from shared.insight.prometheus import exposition
from shared.insight.read import Span, usage_of_everybody
from shared.storage.audit import every_entry
from shared.storage.body import to_body
from tests.fakes.client import FakeClient
from tests.fakes.house import KEY, House

PART = 12
"""Characters of a secret that tell too much already."""
MASTERS = "keys.json"
"""The one file that is there to hold secrets: of its master keys nothing is anywhere else."""


def spellings(secret: str) -> Iterator[bytes]:
    """The secret in every piece of it behind its prefix, and as URLs, JSON and base64 spell it, wherever in a longer text it stood."""
    begin = secret.rfind("-", 0, PART) + 1
    yield from (secret[at : at + PART].encode() for at in range(begin, len(secret) - PART + 1))
    yield quote(secret, safe="").encode()
    yield secret[::-1].encode()
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + secret.encode())
        yield whole[4 if before else 0 : len(whole) - len(whole) % 4 - 4]


def found(secrets: Iterable[str], sinks: Mapping[str, bytes]) -> list[str]:
    """The names of the sinks that one of the secrets is in."""
    shapes = {shape for secret in secrets for shape in spellings(secret)}
    return [name for name, held in sinks.items() if any(shape in held for shape in shapes)]


def masters_of(home: Path) -> list[str]:
    """The master keys of a home on one machine, as they are written."""
    file = home / MASTERS
    return [key["key"] for key in json.loads(file.read_text("utf-8"))["keys"]] if file.exists() else []


def files_of(home: Path) -> dict[str, bytes]:
    """Every file there as it lies on the disk: the table, its journal, what waits for the sweeper; the master keys' own file aside."""
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and path.name != MASTERS
    }


async def sinks_of(house: House, log: str) -> dict[str, bytes]:
    """All that a house has said or kept, also where a test took its table away. That lies in memory, so rows are spelt here as SQLite's file has them."""
    house.table.down = False
    today = datetime.fromtimestamp(house.services.now(), UTC).date()
    usage = await usage_of_everybody(house.services.table, Span(today, today))
    audit = [json.dumps(asdict(entry), default=str) async for entry in every_entry(house.services.table)]
    keys = [f"{pk} {sk}".encode() for pk, sk in house.table.items]
    asked = house.services.client.asked if isinstance(house.services.client, FakeClient) else []
    return {
        "log": log.encode(),
        "answers": bytes(house.overheard),
        "table": b"\n".join([*keys, *map(to_body, house.table.items.values())]),
        "table in words": repr(house.table.items).encode(),
        "metrics": exposition(usage, house.services.incidents.counted()).encode(),
        "audit": "\n".join(audit).encode(),
        "asked of providers": b"\n".join(map(_beside_headers, asked)),
        **files_of(house.services.settings.home),
    }


def _beside_headers(outbound: Outbound) -> bytes:
    """Where a key has no business in what a provider is sent."""
    return outbound.url.encode() + b"\n" + outbound.body


async def no_secret_anywhere(house: House, log: str, *more: str) -> None:
    """Invariant (e). `more`: secrets beside the stored key and the master keys, such as a caller's token."""
    secrets = [KEY, *masters_of(house.services.settings.home)]
    sinks = await sinks_of(house, log)

    assert found(secrets, sinks) == []
    assert (
        found(more, {name: held for name, held in sinks.items() if name != "answers"}) == []
    )  # who made it is told it once


def planted(secret: str) -> dict[str, Any]:
    """Sinks that each hold the secret in some spelling, to hold this file itself to its word."""
    return {
        "as it is": f"key={secret};".encode(),
        "in part": secret[-PART:].encode(),
        "in a URL": f"?key={quote(secret, safe='')}".encode(),
        "in JSON": json.dumps({"authorization": f"Bearer {secret}"}).encode(),
        "in base64": base64.b64encode(secret.encode()),
        "in basic": base64.b64encode(f"a:{secret}".encode()),
        "in base64, elsewhere": base64.b64encode(f"ab:{secret}:".encode()),
        "backwards": secret[::-1].encode(),
    }
