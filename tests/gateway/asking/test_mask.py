"""Threat K9: a provider that echoes the key."""

from hypothesis import given
from hypothesis import strategies as st

from shared.gateway.asking.mask import MASKED, Mask
from shared.secrets import ApiKey

SECRET = "sk-live-0123456789abcdef"
ECHO = f'data: {{"content":"your key is {SECRET}, sk-live-0 is not"}}\n\n'.encode()


def masked(pieces: list[bytes], secret: str = SECRET) -> bytes:
    mask = Mask(ApiKey(secret))
    return b"".join([mask.feed(piece) for piece in pieces] + [mask.close()])


def test_a_key_is_masked_wherever_the_network_cuts() -> None:
    """K9: split at every byte."""
    for cut in range(len(ECHO) + 1):
        said = masked([ECHO[:cut], ECHO[cut:]])

        assert said == ECHO.replace(SECRET.encode(), MASKED)


def test_a_key_is_masked_byte_by_byte() -> None:
    said = masked([ECHO[at : at + 1] for at in range(len(ECHO))])

    assert said == ECHO.replace(SECRET.encode(), MASKED)


@given(st.lists(st.binary(max_size=40)))
def test_bytes_without_the_key_are_untouched(pieces: list[bytes]) -> None:
    said = masked(pieces)

    assert said == b"".join(pieces)


@given(
    st.lists(st.sampled_from(["s", "k", "sk-", "sk-live-", "0123456789abcdef", SECRET, SECRET[:-1], "x"])), st.data()
)
def test_no_cut_lets_the_key_through(words: list[str], data: st.DataObject) -> None:
    text = "".join(words).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    assert SECRET.encode() not in masked(pieces)


def test_a_placeholder_for_a_local_model_is_no_secret() -> None:
    assert masked([b"ollama is a word"], "ollama") == b"ollama is a word"


def test_nothing_is_held_back_that_cannot_be_the_key() -> None:
    """A token is said when it comes, not one token later."""
    mask = Mask(ApiKey(SECRET))

    assert mask.feed(b"data: hello\n\n") == b"data: hello\n\n"
