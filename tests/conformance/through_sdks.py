"""Drives the corpus through the vendors' SDKs: each in its own API, straight and through us (kin); and every recording in all three APIs (cross)."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx

from shared.providers.find import get_provider
from tests.conformance.corpus import Exchange
from tests.conformance.cross import cross_differences
from tests.conformance.drive import Form, Outcome, store_key
from tests.conformance.kin import KIN_APIS, kin_differences
from tests.conformance.oddities import find_oddity
from tests.conformance.sdks import Sdk, body_of, gateway_base, left_out

type Json = dict[str, Any]

_STRAIGHT_PATHS = {"messages": ""}
"""Anthropic's SDK says `/v1` itself."""


class SdkAsker:
    """One account of the gateway, and an SDK for each API, there and straight at the replay server."""

    def __init__(self, client: httpx.AsyncClient, chats: str, replay: str) -> None:
        token = client.headers["authorization"].removeprefix("Bearer ")
        self._client = client
        self._replay = replay
        self._through = {api: Sdk(api, gateway_base(chats, api), token) for api in KIN_APIS}

    async def ask_kin(self, exchange: Exchange) -> Outcome:
        """The recorded request, by the SDK of its own API."""
        outcome, form = Outcome(exchange, left_out=left_out(exchange)), _form(exchange)
        if failed := await store_key(self._client, exchange, form, self._replay):
            outcome.tell(failed)
            return outcome
        body = body_of(exchange, exchange.api)
        straight = Sdk(exchange.api, self._replay + exchange.way.path, form.key(exchange))
        try:
            wanted = await straight.ask({**body, "model": exchange.model})
        finally:
            await straight.close()
        heard = await self._through[exchange.api].ask({**body, "model": _named(exchange)})
        for difference in kin_differences(exchange, body, wanted, heard):
            outcome.tell(difference, find_oddity(exchange, difference))
        return outcome

    async def ask_across(self, exchange: Exchange, api: str) -> Outcome:
        """A hello, in another family's API; the recorded answer has to come across."""
        outcome, form = Outcome(exchange), _form(exchange)
        if failed := await store_key(self._client, exchange, form, self._replay):
            outcome.tell(failed)
            return outcome
        said = await self._through[api].ask({**body_of(exchange, api), "model": _named(exchange)})
        for difference in cross_differences(api, dict(exchange.expected), said):
            outcome.tell(f"[{api}] {difference}", find_oddity(exchange, difference))
        return outcome

    async def close(self) -> None:
        """Every SDK's connections."""
        for sdk in self._through.values():
            await sdk.close()


def _form(exchange: Exchange) -> Form:
    return Form("random:7" if exchange.is_stream else None)


def _named(exchange: Exchange) -> str:
    return f"{exchange.way.provider}/{exchange.model}"


def columns(exchange: Exchange) -> list[str]:
    """`kin`, where the recording is of an API that callers speak, and the names of the others.

    A row that offers Responses is asked in them by who speaks them, so a recording of another API is no answer of its.
    """
    own = ["kin"] if exchange.api in KIN_APIS else []
    both = exchange.api == "chat" and get_provider(exchange.way.provider).has_responses
    return own + [api for api in KIN_APIS if api != exchange.api and not (both and api == "responses")]


async def ask_in_columns(
    exchanges: Sequence[Exchange], askers: Sequence[SdkAsker], wanted: Sequence[str]
) -> dict[str, list[Outcome]]:
    """Column → what came of every exchange that has one."""
    work = iter([(exchange, column) for exchange in exchanges for column in columns(exchange) if column in wanted])
    found: dict[str, list[Outcome]] = {column: [] for column in wanted}

    async def drive(asker: SdkAsker) -> None:
        for exchange, column in work:
            asked = asker.ask_kin(exchange) if column == "kin" else asker.ask_across(exchange, column)
            found[column].append(await asked)

    async with asyncio.TaskGroup() as group:
        for asker in askers:
            group.create_task(drive(asker))
    return found
