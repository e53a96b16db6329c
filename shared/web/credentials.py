"""The one place where a credential is taken from a request, whichever header a client writes it in. Threat H2."""

import re
from collections.abc import Iterable
from urllib.parse import unquote_plus

from shared.errors import Unauthenticated

type Headers = Iterable[tuple[bytes, bytes]]
"""As an ASGI scope has them: names in lower case."""

KEY_HEADERS = frozenset({b"x-api-key", b"x-goog-api-key", b"api-key"})
"""What the SDKs of Anthropic, Google and Azure send."""

LONGEST = 8192
"""Bytes. A JWT of ours has less than 1000."""

_QUERY_NAMES = frozenset({"key", "api_key", "apikey", "api-key", "x-api-key", "access_token", "authorization"})
_QUERY_SHAPES = re.compile(r"\s*(?:bearer\s|sk-|AIza|eyJ[\w-]+\.[\w-]+\.)", re.IGNORECASE)
_VISIBLE = re.compile(rb"[\x21-\x7e]*")
_HOW = "Send it as `Authorization: Bearer <token>` or `x-api-key: <token>`."


def take_credential(headers: Headers, query: bytes = b"") -> str:
    """The credential of a request.

    Raises:
        Unauthenticated: there is none, there are two different ones, it is malformed, or one stands in the URL.
    """
    _refuse_query(query)
    found = {credential for credential in map(_read, headers) if credential}
    if not found:
        raise Unauthenticated(f"This route needs a session or an access token. {_HOW}")
    if len(found) > 1:
        raise Unauthenticated("The request carries two different credentials. Send one.")
    return _checked(found.pop())


def _read(header: tuple[bytes, bytes]) -> bytes | None:
    name, value = header
    if name in KEY_HEADERS:
        return value.strip()
    if name != b"authorization" or not value.strip():
        return None
    scheme, _, credential = value.strip().partition(b" ")
    if scheme.lower() != b"bearer":
        raise Unauthenticated(f"That authorization scheme is not taken. {_HOW}")
    return credential.strip()


def _checked(credential: bytes) -> str:
    if len(credential) > LONGEST or not _VISIBLE.fullmatch(credential):
        raise Unauthenticated(f"The credential is malformed. {_HOW}")
    return credential.decode("ascii")


def _refuse_query(query: bytes) -> None:
    """A key in a URL ends up in histories and logs (ASVS 14.2.1), so it is refused even where it would be right."""
    for pair in query.decode("latin-1").split("&") if query else ():
        name, _, value = pair.partition("=")
        if unquote_plus(name).lower() in _QUERY_NAMES or _QUERY_SHAPES.match(unquote_plus(value)):
            raise Unauthenticated(f"A credential never goes in the URL; treat that one as leaked. {_HOW}")
