"""A provider's key as it comes in a body."""

import json

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from shared.web.keys import KeyText, read_key

ADAPTER: TypeAdapter[SecretStr] = TypeAdapter(KeyText)


def kept(text: str) -> str:
    key = read_key(ADAPTER.validate_python(text))
    assert key is not None
    return key.reveal()


def test_a_key_loses_the_white_space_of_pasting() -> None:
    assert kept(" sk-1\n") == "sk-1"


@pytest.mark.parametrize("text", ["", "  ", "sk 1", "sk-\r\n1", "sk-ł", "\x7f"])
def test_what_would_not_fit_into_a_header_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        kept(text)


def test_a_key_file_says_the_same_in_one_word() -> None:
    """A service account's, as Google gives it: 2.4 KB on thirteen lines."""
    said = {
        "type": "service_account",
        "private_key": "-----BEGIN PRIVATE KEY-----\n" + "MIIE/+=\n" * 200 + "-----END PRIVATE KEY-----\n",
        "name": 'Łódź\x7f "\\ \\" 🌦',
    }

    word = kept(json.dumps(said, indent=2, ensure_ascii=False) + "\n")

    assert json.loads(word) == said
    assert all(0x21 <= ord(character) <= 0x7E for character in word)


@pytest.mark.parametrize("text", ["{", '{"a": 1} more', "{" * 5000])
def test_half_a_key_file_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        kept(text)

    assert "paste it again" in str(caught.value)
