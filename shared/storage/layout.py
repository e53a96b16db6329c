"""Where everything lies: the only file that spells a pk or an sk."""

from shared.storage.table import Key


def token_key(token_id: str) -> Key:
    """An access token, found by the id that it carries."""
    return Key(f"TOKEN#{token_id}", "TOKEN")


def owned_token_key(owner: str, token_id: str) -> Key:
    """Says that this owner has this token, for lists."""
    return Key(f"OWNER#{owner}", f"{OWNED_TOKENS}{token_id}")


OWNED_TOKENS = "TOKEN#"
"""What the sk of every token begins with, under its owner."""


def account_key(email: str) -> Key:
    """An account, found by its normalised e-mail: so the table itself keeps e-mails unique."""
    return Key(f"ACCOUNT#{email}", "ACCOUNT")


def person_key(owner: str) -> Key:
    """Says which e-mail the account of this owner has, for lists of people."""
    return Key(PEOPLE, owner)


PEOPLE = "PEOPLE"
"""The pk of the list of people."""


def first_admin_key() -> Key:
    """Who became admin by being first."""
    return Key("INSTALLATION", "FIRST_ADMIN")


def session_key(session_id: str) -> Key:
    """A session, found by the id in its tokens."""
    return Key(f"SESSION#{session_id}", "SESSION")


def signing_key_key(number: int) -> Key:
    """A signing key of our own issuer; numbers grow, so the newest sorts last."""
    return Key(SIGNING_KEYS, f"{number:06d}")


SIGNING_KEYS = "ISSUER"
"""The pk of our issuer's keys."""


def attempts_key(what: str, window: int) -> Key:
    """How often something was tried within a window of time. `what` is a digest, never a name."""
    return Key(f"ATTEMPTS#{what}", f"{window}")
