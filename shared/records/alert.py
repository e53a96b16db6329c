"""Something that looked suspicious, for admins to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

AlertKind = Literal["refused_keys", "failed_sign_ins", "sudden_spend", "new_country"]
Telling = Literal["waiting", "told", "given_up", "nobody"]
"""Whether the webhook heard of it; `nobody`: there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """`subject` is what it is about: an owner's id, or a digest of an e-mail. `at` is epoch seconds. There is one an hour of each kind and subject, and of `new_country` for each country."""

    id: str
    kind: AlertKind
    subject: str
    at: int
    details: Mapping[str, str] = field(default_factory=dict)
    telling: Telling = "waiting"
    tries: int = 0
    """How often the webhook was told and did not hear."""
    failure: str | None = None
    """Why it did not, the last time: the code of an error, or the status that it answered."""
