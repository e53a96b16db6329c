"""Credential to caller: the first thing every route but the open ones does."""

from collections.abc import MutableMapping
from typing import Any

from shared.errors import Unauthenticated
from shared.identity.caller import Caller
from shared.identity.origins import permit_origin
from shared.identity.tokens import PREFIX
from shared.services import Services
from shared.web.credentials import take_credential


async def authenticate(services: Services, scope: MutableMapping[str, Any]) -> Caller:
    """Who calls, by the headers, the query and the peer of an ASGI scope. The peer is the server's or Lambda's word, never a header's (threat H1).

    Raises:
        Unauthenticated: no credential, two different ones, one in the URL, or one that is not good.
        Forbidden: the access token is for other places than this one (threat I9).
        StorageUnavailable: nobody could look it up; never a 401 instead (trap 74).
    """
    credential = take_credential(scope["headers"], scope["query_string"])
    if credential.startswith(PREFIX):
        caller = await services.access_tokens.verify(credential)
        peer = scope.get("client")
        permit_origin(caller, peer[0] if peer else None)
        return caller
    if credential.startswith("eyJ"):
        return await services.accounts.verify(credential)
    raise Unauthenticated(
        "The credential is neither a session nor an access token of RealMultiLLM. A provider's own key is stored once, not sent."
    )
