"""What is refused by rules: words that an admin lists, and fixed shapes. Pure, and linear in the text: nobody's own pattern is ever run (threat H9)."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Final

_WORD: Final = re.compile(r"\w+")
_CARD: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)", re.ASCII)
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.ASCII)
_SOCIAL: Final = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])", re.ASCII)
_PRIVATE: Final = re.compile(r"-----BEGIN (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY-----", re.ASCII)
_AWS: Final = re.compile(r"(?<![A-Z0-9])A(?:KI|SI)A[A-Z0-9]{16}(?![A-Z0-9])", re.ASCII)
_FIRST_WITHOUT_SPACES: Final = "\u2e80"
"""From here on are scripts that set no space between words: a word of theirs is found wherever it stands."""


def find_rule(text: str, words: Iterable[str], shapes: Iterable[str]) -> str | None:
    """The first rule that refuses the text: something of such a `shapes.<name>`, or one of the words as a word, in any case.

    A word is named by its place in the list, `words[0]`, for it may be one that nobody shall read in a log.
    """
    for shape in shapes:
        if shape in SHAPES and SHAPES[shape](text):
            return f"shapes.{shape}"
    place = _find_word(text, words)
    return None if place is None else f"words[{place}]"


def _find_word(text: str, words: Iterable[str]) -> int | None:
    spaced = [_spaced(word) for word in words]
    if not spaced:
        return None
    said = _spaced(text)
    found = (
        place
        for place, word in enumerate(spaced)
        if word.strip() and (word.strip() if word.strip()[0] >= _FIRST_WITHOUT_SPACES else word) in said
    )
    return next(found, None)


def _spaced(text: str) -> str:
    """Its words in their plainest spelling, a space before and behind each."""
    return f" {' '.join(_WORD.findall(unicodedata.normalize('NFKC', text).casefold()))} "


def _has_card_number(text: str) -> bool:
    return any(_passes_luhn(re.sub(r"\D", "", found)) for found in _CARD.findall(text))


def _passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0  # noqa: PLR2004 - one digit


def _has_iban(text: str) -> bool:
    return any(_passes_97(found.replace(" ", "")) for found in _IBAN.findall(text))


def _passes_97(iban: str) -> bool:
    """ISO 13616: letters count from 10, the first four characters stand last."""
    number = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
    return int(number) % 97 == 1


SHAPES: Final[Mapping[str, Callable[[str], bool]]] = {
    "card_number": _has_card_number,
    "iban": _has_iban,
    "us_social_security_number": lambda text: _SOCIAL.search(text) is not None,
    "private_key": lambda text: _PRIVATE.search(text) is not None,
    "aws_access_key": lambda text: _AWS.search(text) is not None,
}
"""By the names that policies use."""
