import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BadResponse, ProviderError, StreamLimitReached, StreamTruncated
from shared.wire.jsonarray import JsonArrayDecoder

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('a"\\[]{},é\u2028'), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def outcome(decoder: JsonArrayDecoder, reads: list[bytes]) -> tuple[list[bytes], bool, str]:
    elements: list[bytes] = []
    try:
        for read in reads:
            elements += decoder.feed(read)
        elements += decoder.close()
    except ProviderError as error:
        return elements, decoder.finished, error.code
    return elements, decoder.finished, "end"


@given(st.lists(VALUES, max_size=4), st.sampled_from([None, 1]), st.integers(min_value=1, max_value=9))
def test_any_array_gives_its_elements_at_any_cut(values: list[Any], indent: int | None, step: int) -> None:
    """Trap 9."""
    stream = b"\r\n " + json.dumps(values, indent=indent, ensure_ascii=False).encode() + b"\n"

    elements, finished, end = outcome(
        JsonArrayDecoder(), [stream[at : at + step] for at in range(0, len(stream), step)]
    )

    assert [json.loads(element) for element in elements] == values
    assert (finished, end) == (True, "end")


@given(
    st.lists(st.sampled_from([b"[", b"{", b"}", b"]", b'"', b"\\", b",", b" ", b"1"]), max_size=30).map(b"".join),
    st.integers(min_value=1, max_value=12),
    st.integers(min_value=1, max_value=60),
    st.integers(min_value=1, max_value=5),
)
def test_any_bytes_read_the_same_at_any_cut(stream: bytes, item: int, total: int, step: int) -> None:
    expected = outcome(JsonArrayDecoder(max_item=item, max_total=total), [stream])
    reads = [stream[at : at + step] for at in range(0, len(stream), step)]

    assert outcome(JsonArrayDecoder(max_item=item, max_total=total), reads) == expected


def test_an_element_is_given_as_soon_as_it_is_whole() -> None:
    decoder = JsonArrayDecoder()

    assert decoder.feed(b'[{"a": "}"}') == [b'{"a": "}"}']
    assert decoder.feed(b"\n,\r\n") == []
    assert decoder.feed(b'{"b": [1, 2]}\n]') == [b'{"b": [1, 2]}']
    assert decoder.finished
    assert decoder.feed(b"whatever follows") == []


def test_a_pretty_printed_error_in_place_of_the_array_is_one_element() -> None:
    """Trap 8."""
    body = json.dumps({"error": {"code": 400, "details": [{"a": 1}]}}, indent=2).encode()
    for cut in range(len(body) + 1):
        decoder = JsonArrayDecoder()

        assert decoder.feed(body[:cut]) + decoder.feed(body[cut:] + b"\n") == [body]
        assert decoder.finished


def test_a_page_is_not_an_array() -> None:
    """Trap 13."""
    with pytest.raises(BadResponse):
        JsonArrayDecoder().feed(b"<html>")


@pytest.mark.parametrize("stream", [b"[{", b'["', b"[{},{", b"[1", b'{"error"'])
def test_the_middle_of_an_element_is_no_end(stream: bytes) -> None:
    """Trap 12."""
    decoder = JsonArrayDecoder()
    decoder.feed(stream)

    with pytest.raises(StreamTruncated):
        decoder.close()


@pytest.mark.parametrize("stream", [b"", b"[", b"[{}", b"[{},"])
def test_between_elements_the_array_is_merely_not_finished(stream: bytes) -> None:
    decoder = JsonArrayDecoder()
    decoder.feed(stream)

    assert decoder.close() == []
    assert not decoder.finished


def test_an_endless_element_is_cut() -> None:
    decoder = JsonArrayDecoder(max_item=1_000)

    with pytest.raises(StreamLimitReached):
        decoder.feed(b'["' + b"x" * 1_001)
