"""E-mail addresses in their one canonical form."""

from functools import cache
from typing import Any

from shared.errors import InvalidRequest


def normalise_email(email: str) -> str:
    """The address in lower case, its domain as Unicode. Asks no DNS: on one machine `.local` is a domain like any other.

    Raises:
        InvalidRequest: it is no address; the message says why.
    """
    library = _library()
    try:
        address = library.validate_email(email, check_deliverability=False, globally_deliverable=False)
    except library.EmailNotValidError as error:
        raise InvalidRequest(f"`email` is not an e-mail address: {error}", parameter="email") from error
    return str(address.normalized).lower()


@cache
def _library() -> Any:
    """Imported late: it loads tables of idna. Its list of reserved domains is meant to be edited by whoever uses them."""
    import email_validator  # noqa: PLC0415 - 40 ms that only signing in needs

    email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()
    return email_validator
