"""The question after every fault is itself questioned: would it find a secret, whichever way that is spelt, in each of the sinks?"""

import asyncio
import io

import pytest

from shared.observability import ProviderDistrusted
from tests.fakes.house import HELLO, KEY, Headers, House
from tests.fakes.sinks import found, masters_of, planted, sinks_of


@pytest.mark.parametrize("secret", [KEY, "Wm9vKzEyMzQ1Njc4OTAvYWJjZGVmZ2hpamtsbW5vcHE=", "sk-1-0123456789ab!?/&é"])
def test_every_spelling_is_found(secret: str) -> None:
    sinks = planted(secret)

    assert found([secret], sinks) == list(sinks)
    assert found([secret], {"none": b"sk-house- and nothing of it", "nothing": b""}) == []


async def test_every_sink_is_looked_into(house: House, asker: Headers, log: io.StringIO) -> None:
    """Threats K6, K8 and K9: what is put into each of them is seen there."""
    body = {"provider": "openai", "model": "gpt-4o-mini", "messages": HELLO}
    answer = await house.http.post("/api/llm/chat", json=body, headers=asker)
    house.services.incidents.note(ProviderDistrusted("openai", "usage"))
    await house.services.outbox.put('{"settlement": "mark-of-a-line"}')
    await asyncio.to_thread((house.services.settings.home / "table.sqlite-wal").write_bytes, b"mark-of-a-journal")
    sinks = await sinks_of(house, log.getvalue())

    assert len(masters_of(house.services.settings.home)) == 1
    assert b"request ended" in sinks["log"]
    assert answer.content in sinks["answers"]
    assert answer.headers["x-realmultillm-request-id"].encode() in sinks["answers"]
    assert b"gpt-4o-mini" in sinks["table"]
    assert b"CONFIG#openai" in sinks["table in words"]
    assert b"llm_provider_distrusted_total" in sinks["metrics"]
    assert b"config.stored" in sinks["audit"]
    assert b"/chat/completions" in sinks["asked of providers"]
    assert any(b"mark-of-a-line" in held for name, held in sinks.items() if name.startswith("unsettled/"))
    assert sinks["table.sqlite-wal"] == b"mark-of-a-journal"
