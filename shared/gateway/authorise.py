"""Shows the key to the provider, in the way that its row names."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module

from shared.egress.exchange import Client, Outbound
from shared.gateway.target import Target
from shared.secrets import ApiKey


async def authorise(
    outbound: Outbound, target: Target, key: ApiKey | None, *, client: Client, now: Callable[[], float] = time.time
) -> Outbound:
    """The question with the headers that prove the key.

    Raises:
        InvalidRequest: the key has not the form that this provider's keys have.
        ProviderError: who turns the key into a credential refuses it, or does not answer.
    """
    if key is None:
        return outbound
    if target.provider.scheme == "header":
        shown: Mapping[str, str] = target.headers(key)
    else:
        way = import_module(f"shared.gateway.credentials.{target.provider.scheme}")
        shown = await way.authorise(key, outbound, owner=target.config.owner, client=client, now=now)
    return replace(outbound, headers={**outbound.headers, **shown})
