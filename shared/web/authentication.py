"""Credential to caller: the first thing every route but the open ones does."""

from collections.abc import MutableMapping
from typing import Any

from shared.errors import Unauthenticated
from shared.identity.caller import Caller
from shared.identity.origins import permit_origin
from shared.identity.tokens import PREFIX
from shared.services import Services
from shared.web.credentials import Headers, take_credential


async def authenticate(services: Services, scope: MutableMapping[str, Any]) -> Caller:
    """Who calls, by the headers, the query and the peer of an ASGI scope. The peer is the server's or Lambda's word, never a header's (threat H1).

    Raises:
        Unauthenticated: no credential, two different ones, one in the URL, or one that is not good.
        Forbidden: the access token is for other places than this one (threat I9).
        StorageUnavailable: nobody could look it up; never a 401 instead (trap 74).
    """
    headers = tuple(scope["headers"])
    credential = take_credential(headers, scope["query_string"])
    if credential.startswith(PREFIX):
        caller = await services.access_tokens.verify(credential)
        peer = scope.get("client")
        permit_origin(caller, peer[0] if peer else None)
        return await _noted(services, headers, caller)
    if credential.startswith("eyJ"):
        return await _noted(services, headers, await services.accounts.verify(credential))
    raise Unauthenticated(
        "The credential is neither a session nor an access token of RealMultiLLM. A provider's own key is stored once, not sent."
    )


async def _noted(services: Services, headers: Headers, who: Caller) -> Caller:
    """From where, if whoever stands before us says so; a header given twice is nobody's word."""
    if services.settings.country_header is not None:
        wanted = services.settings.country_header.encode()
        said = [value for name, value in headers if name == wanted]
        if len(said) == 1:
            await services.countries.note(who.owner, said[0].decode("latin-1").strip().upper())
    return who
