"""Recordings whose expectation cannot be met, each with the reason. Rules about the wire, for it also runs on recordings we do not have.

Whoever adds one explains it in docs/conformance.md as the provider's own oddity.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.corpus import Exchange


@dataclass(frozen=True, slots=True)
class Oddity:
    """`applies` to which exchanges and first differences, and why that is as it should be."""

    reason: str
    applies: Callable[[Exchange, str], bool]


ODDITIES: tuple[Oddity, ...] = ()


def find_oddity(exchange: Exchange, difference: str) -> Oddity | None:
    """The documented reason for a difference, if there is one."""
    return next((oddity for oddity in ODDITIES if oddity.applies(exchange, difference)), None)
