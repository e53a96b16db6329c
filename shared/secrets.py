"""Secrets are shy: they show nothing of themselves to repr, str, logs, pickles or tracebacks."""

from typing import NoReturn


class ApiKey:
    """A provider's key. Opened by the vault, revealed once, where the request is signed; never kept on what outlives the call."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The key itself. Called where it is sealed, fingerprinted, masked or sent; nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return "ApiKey(…)"

    __str__ = __repr__

    def __format__(self, _specification: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("an ApiKey is never pickled")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ApiKey) and other._text == self._text

    def __hash__(self) -> int:
        return hash((ApiKey, self._text))
