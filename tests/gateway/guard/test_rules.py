"""What rules refuse. Threat H9: no pattern is anybody's own, and none takes long for long."""

import pytest

from shared.gateway.guard.rules import SHAPES, find_rule


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("so BAD!", "bad"),
        ("\uff42\uff41\uff44", "bad"),
        ("two, words", "two words"),
        ("Straße", "strasse"),
        ("他说坏话了", "坏话"),
        ("do ignore-me now", "ignore me"),
    ],
)
def test_a_word_is_found_however_it_is_written(text: str, word: str) -> None:
    assert find_rule(text, ["another", word], []) == "words[1]"


@pytest.mark.parametrize(("text", "word"), [("badminton", "bad"), ("not so", "nots"), ("", "bad"), ("b a d", "bad")])
def test_a_part_of_another_word_is_none(text: str, word: str) -> None:
    assert find_rule(text, [word], []) is None


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ("card_number", "pay 4111 1111 1111 1111 now"),
        ("card_number", "5500-0000-0000-0004"),
        ("iban", "to DE89 3704 0044 0532 0130 00."),
        ("iban", "GB82WEST12345698765432"),
        ("us_social_security_number", "it is 123-45-6789"),
        ("private_key", "-----BEGIN RSA PRIVATE KEY-----"),
        ("private_key", "-----BEGIN PRIVATE KEY-----"),
        ("aws_access_key", "AKIAIOSFODNN7EXAMPLE"),
    ],
)
def test_a_shape_is_found(shape: str, text: str) -> None:
    assert find_rule(text, [], [shape]) == f"shapes.{shape}"


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ("card_number", "4111 1111 1111 1112"),
        ("iban", "DE89 3704 0044 0532 0130 01"),
        ("us_social_security_number", "666-45-6789 or 900-11-1111 or 1123-45-67890"),
        ("private_key", "-----BEGIN PUBLIC KEY-----"),
        ("aws_access_key", "AKIA and XAKIAIOSFODNN7EXAMPLE"),
    ],
)
def test_what_only_looks_like_it_is_not(shape: str, text: str) -> None:
    assert find_rule(text, [], [shape]) is None


@pytest.mark.parametrize("text", ["a" * 65536, "1 " * 32768, "DE11 " * 13000, "-----BEGIN " * 6000, "123-45-" * 9000])
@pytest.mark.parametrize("shape", SHAPES)
def test_long_text_that_nearly_fits_is_answered(shape: str, text: str) -> None:
    """Threat H9: a pattern that went back and forth would not come to an end within the lifetime of the test."""
    assert find_rule(text, ["a+"], [shape]) in {None, "words[0]", f"shapes.{shape}"}
