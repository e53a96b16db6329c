"""Which provider a request means, by its path or by its body."""

from shared.errors import InvalidRequest, NotFound
from shared.providers.find import find_provider
from shared.providers.provider import Provider


def get_named_provider(in_path: str | None, in_body: str | None) -> Provider:
    """By id or alias; where path and body both name one it is the same.

    Raises:
        InvalidRequest: none is named, or two.
        NotFound: it is none of ours. The name is not repeated: people paste keys into the wrong field.
    """
    named = in_path or in_body
    if named is None:
        raise InvalidRequest("`provider` is needed, for example openai", parameter="provider")
    provider = find_provider(named)
    if provider is None:
        raise NotFound("There is no such provider. GET /api/providers lists them.", details={"parameter": "provider"})
    if in_body is not None and find_provider(in_body) != provider:
        raise InvalidRequest("`provider` is another one than in the path; leave it out", parameter="provider")
    return provider
