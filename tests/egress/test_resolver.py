"""Names, their addresses, and what is refused of them."""

import asyncio
import json
import socket
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NoReturn

import pytest

from shared.egress.addresses import Rules
from shared.egress.resolver import CACHE_ENTRIES, MOST_TRIED, SystemResolver, checked_addresses
from shared.egress.urls import parse_base_url
from shared.errors import AddressRefused, NameNotResolved
from tests.fakes.resolver import FakeResolver

PUBLIC = "93.184.216.34"
BASE = parse_base_url("https://api.example.com")


async def test_public_addresses_are_given_in_their_order() -> None:
    found = await checked_addresses(BASE, Rules(), FakeResolver([PUBLIC, "2606:4700::1"]))

    assert list(found) == [PUBLIC, "2606:4700::1"]


async def test_a_name_with_endless_addresses_is_tried_at_few() -> None:
    found = await checked_addresses(BASE, Rules(), FakeResolver([PUBLIC] * 1000))

    assert len(found) == MOST_TRIED


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["::1", PUBLIC], [PUBLIC] * 20 + ["10.0.0.1"], ["::ffff:10.0.0.1"]],
)
async def test_one_address_inside_spoils_the_answer(addresses: list[str]) -> None:
    """Threat E2."""
    with pytest.raises(AddressRefused):
        await checked_addresses(BASE, Rules(), FakeResolver(addresses))


async def test_no_special_network_hides_behind_a_name(shared_material: Path) -> None:
    """Threat E1, E5."""
    rows = json.loads((shared_material / "security-vectors/ssrf/deny_cidrs.json").read_text())
    for network in (ip_network(row["cidr"]) for row in rows):
        for at in (0, network.num_addresses // 2, network.num_addresses - 1):
            with pytest.raises(AddressRefused):
                await checked_addresses(BASE, Rules(), FakeResolver([PUBLIC, str(network[at])]))


async def test_an_origin_that_the_operator_named_may_be_anywhere() -> None:
    base = parse_base_url("http://ollama:11434", rules := Rules(frozenset({"ollama:11434"})))

    assert list(await checked_addresses(base, rules, FakeResolver(["10.0.0.7"]))) == ["10.0.0.7"]


async def test_a_name_without_addresses_is_not_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody_knows(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nobody_knows)
    for resolver in (FakeResolver([]), SystemResolver()):
        with pytest.raises(NameNotResolved):
            await checked_addresses(parse_base_url("https://nobody.example"), Rules(), resolver)


async def test_the_system_is_asked_again_after_some_seconds() -> None:
    now = [0.0]
    resolver = SystemResolver(lambda: now[0])
    first = await resolver.resolve("127.0.0.1", 80)
    again = await resolver.resolve("127.0.0.1", 80)
    now[0] = 30.0
    later = await resolver.resolve("127.0.0.1", 80)

    assert first is again
    assert later is not first
    assert list(later) == ["127.0.0.1"]


async def test_names_do_not_gather(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers name as many as they like."""

    async def everybody_is_known(*_: object, **__: object) -> list[Any]:
        return [(None, None, 0, "", (PUBLIC, 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", everybody_is_known)
    resolver = SystemResolver()
    for number in range(CACHE_ENTRIES + 10):
        await resolver.resolve(f"{number}.example", 443)

    assert len(resolver._known) <= CACHE_ENTRIES
