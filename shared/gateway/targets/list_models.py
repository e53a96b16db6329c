"""Asks a provider which models a key may use. It costs nothing, so it also tells whether the key is good."""

from shared.dialects.listed import ListedModel
from shared.egress.exchange import Client, Outbound, Timeouts
from shared.gateway.asking.ask import LARGEST_FAILURE
from shared.gateway.asking.authorise import authorise
from shared.gateway.targets.target import Target
from shared.secrets import ApiKey

LARGEST = 16 * 1024 * 1024
"""Bytes. OpenRouter's list has half a megabyte."""


async def list_models(
    target: Target, path: str, key: ApiKey | None, client: Client, timeouts: Timeouts
) -> list[ListedModel]:
    """They, with what the provider tells of them. `path` is the row's `models_path`.

    Raises:
        ProviderError: the provider refuses, does not answer, or answers no list.
    """
    headers = {**target.dialect.headers, "accept": "application/json"}
    asked = Outbound("GET", target.url(path, target.provider.models_query), headers)
    async with client.send((await authorise(asked, target, key, client=client))[0], timeouts) as inbound:
        if inbound.status != 200:  # noqa: PLR2004 - the one status that carries a list
            raise target.dialect.explain(inbound.status, inbound.headers, await inbound.read(LARGEST_FAILURE))
        return target.dialect.models(await inbound.read(LARGEST))
