import pytest

from shared.errors import Unauthenticated
from shared.web.credentials import take_credential

FORMS = [
    (b"authorization", b"Bearer secret-1"),
    (b"authorization", b"bearer   secret-1 "),
    (b"x-api-key", b"secret-1"),
    (b"x-goog-api-key", b"secret-1"),
    (b"api-key", b" secret-1 "),
]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read(form: tuple[bytes, bytes]) -> None:
    """Threat H2."""
    assert take_credential([(b"host", b"x"), form]) == "secret-1"


def test_one_credential_in_all_forms_is_one_credential() -> None:
    assert take_credential(FORMS) == "secret-1"


@pytest.mark.parametrize("first", FORMS)
@pytest.mark.parametrize("name", [b"authorization", b"x-api-key", b"x-goog-api-key", b"api-key"])
def test_two_different_ones_are_refused(first: tuple[bytes, bytes], name: bytes) -> None:
    """Threat H2."""
    other = b"Bearer secret-2" if name == b"authorization" else b"secret-2"

    with pytest.raises(Unauthenticated, match="two different"):
        take_credential([first, (name, other)])


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"")],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Bearer ")],
        [(b"authorization", b"Basic dXNlcjpwYXNz")],
        [(b"x-api-key", b"")],
        [(b"x-api-key", b"a b")],
        [(b"x-api-key", b"caf\xc3\xa9")],
        [(b"x-api-key", b"k" * 8193)],
        [(b"cookie", b"session=secret-1")],
    ],
)
def test_none_or_a_malformed_one_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(Unauthenticated):
        take_credential(headers)


@pytest.mark.parametrize(
    "query",
    [
        b"key=abc",
        b"a=1&api_key=abc",
        b"api%5Fkey=abc",
        b"access_token=x",
        b"model=sk-rml-abc",
        b"x=AIzaSy",
        b"t=eyJhbGciOi.eyJz.x",
        b"q=Bearer+abc",
    ],
)
def test_a_key_in_the_url_is_refused_even_beside_a_good_one(query: bytes) -> None:
    """Trap 77; ASVS 14.2.1."""
    with pytest.raises(Unauthenticated, match="URL") as refused:
        take_credential([(b"x-api-key", b"secret-1")], query)

    assert "abc" not in str(refused.value)


def test_other_questions_may_stand_in_the_url() -> None:
    assert take_credential([(b"x-api-key", b"secret-1")], b"token=0123&day=2026-01-01&provider=openai") == "secret-1"
