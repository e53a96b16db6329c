"""Credential to caller: the first thing every route but the open ones does."""

from shared.errors import Unauthenticated
from shared.identity.caller import Caller
from shared.identity.tokens import PREFIX
from shared.services import Services
from shared.web.credentials import Headers, take_credential


async def authenticate(services: Services, headers: Headers, query: bytes = b"") -> Caller:
    """Who calls. `headers` and `query` are the ASGI scope's (`scope["headers"]`, `scope["query_string"]`).

    Raises:
        Unauthenticated: no credential, two different ones, one in the URL, or one that is not good.
        StorageUnavailable: nobody could look it up; never a 401 instead (trap 74).
    """
    headers = tuple(headers)
    credential = take_credential(headers, query)
    if credential.startswith(PREFIX):
        return await _noted(services, headers, await services.access_tokens.verify(credential))
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
