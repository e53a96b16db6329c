"""What callers are told of a provider's failure, in every API that is not ours: what is the key's or the provider's own fault has our status and code.

A 401 or 403 of a provider's would look like our own, and send callers to the wrong key.
"""

from typing import Final

from shared.errors import CredentialRejected, ProviderError, RealMultiLLMError

_FAILED_DEPENDENCY: Final = 424


def has_our_words(error: RealMultiLLMError) -> bool:
    """Its status and code are ours, also towards kin; the other words stay the provider's."""
    given = error.details.get("providerStatus")
    failed = isinstance(given, int) and 500 <= given <= 599  # noqa: PLR2004 - the statuses of a server's faults
    return isinstance(error, CredentialRejected) or (isinstance(error, ProviderError) and failed)


def status_of(error: RealMultiLLMError) -> int:
    """The HTTP status: the provider's own where it found fault with the request, else ours."""
    given = error.details.get("providerStatus")
    if not isinstance(given, int) or not 400 <= given <= 499:  # noqa: PLR2004 - the statuses of a caller's faults
        return error.status
    return error.status if has_our_words(error) or given == _FAILED_DEPENDENCY else given
