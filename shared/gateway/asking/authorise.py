"""Shows the key to the provider, in the way that its row names."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module

from shared.egress.exchange import Client, Outbound
from shared.gateway.targets.target import Target
from shared.secrets import ApiKey


async def authorise(
    outbound: Outbound, target: Target, key: ApiKey | None, *, client: Client, now: Callable[[], float] = time.time
) -> tuple[Outbound, ApiKey | None]:
    """The question with the headers that prove the key, and the secret that stands in them: the key, or the passing credential made of it.

    Raises:
        InvalidRequest: the key has not the form that this provider's keys have.
        ProviderError: who turns the key into a credential refuses it, or does not answer.
    """
    if key is None:
        return outbound, None
    if target.provider.scheme == "header":
        return _with(outbound, target.headers(key)), key
    way = import_module(f"shared.gateway.asking.credentials.{target.provider.scheme}")
    shown: Mapping[str, str] = await way.authorise(key, outbound, owner=target.config.owner, client=client, now=now)
    said = shown.get("x-amz-security-token") or max((_credential(value) for value in shown.values()), key=len)
    return _with(outbound, shown), ApiKey(said)


def _with(outbound: Outbound, shown: Mapping[str, str]) -> Outbound:
    return replace(outbound, headers={**outbound.headers, **shown})


def _credential(value: str) -> str:
    return value.removeprefix("Bearer ")
