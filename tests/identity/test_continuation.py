import pytest

from shared.identity.continuation import find_continuation, seal_continuation
from shared.identity.opaque import mint_secret
from shared.identity.sessions import REFRESH_PREFIX

OF_COGNITO = "eyJjdHki.planted-continuation"


def test_what_continues_a_session_opens_under_its_refresh_token_alone() -> None:
    session, token = mint_secret(REFRESH_PREFIX)
    _, newer = mint_secret(REFRESH_PREFIX, session)
    sealed = seal_continuation(OF_COGNITO, token, session)

    assert find_continuation(sealed, token, session) == OF_COGNITO
    assert find_continuation(sealed, newer, session) is None
    assert find_continuation(sealed, token, "another") is None
    assert OF_COGNITO.encode() not in sealed


@pytest.mark.parametrize("at", [0, 5, -1])
def test_what_was_changed_does_not_open(at: int) -> None:
    """Threat K4."""
    session, token = mint_secret(REFRESH_PREFIX)
    sealed = bytearray(seal_continuation(OF_COGNITO, token, session))
    sealed[at] ^= 1

    assert find_continuation(bytes(sealed), token, session) is None


@pytest.mark.parametrize("sealed", [None, b"", b"short"])
def test_nothing_is_nothing(sealed: bytes | None) -> None:
    session, token = mint_secret(REFRESH_PREFIX)

    assert find_continuation(sealed, token, session) is None


def test_no_two_tokens_seal_alike() -> None:
    """Threat K3."""
    session, _ = mint_secret(REFRESH_PREFIX)
    sealed = {seal_continuation(OF_COGNITO, mint_secret(REFRESH_PREFIX, session)[1], session) for _ in range(50)}

    assert len(sealed) == 50
