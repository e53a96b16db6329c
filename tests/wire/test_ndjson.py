import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import StreamLimitReached
from shared.wire.ndjson import NdjsonDecoder


def outcome(decoder: NdjsonDecoder, reads: list[bytes]) -> tuple[list[bytes], str]:
    lines: list[bytes] = []
    try:
        for read in reads:
            lines += decoder.feed(read)
        lines += decoder.close()
    except StreamLimitReached as error:
        return lines, error.code
    return lines, "end"


def test_lines_that_hold_something_are_given() -> None:
    decoder = NdjsonDecoder()

    assert decoder.feed(b'{"a":1}\r\n\n  \n{"b":2}\n{"c"') == [b'{"a":1}', b'{"b":2}']
    assert decoder.feed(b":3}") == []
    assert decoder.close() == [b'{"c":3}']


def test_separators_that_json_may_carry_do_not_end_a_line() -> None:
    """Trap 79."""
    line = '{"a":"\u2028\u2029\u0085"}'.encode()

    assert NdjsonDecoder().feed(line + b"\n") == [line]


@given(
    st.lists(st.sampled_from([b"\n", b"\r\n", b"abc", b" ", "ö".encode()]), max_size=30).map(b"".join),
    st.integers(min_value=1, max_value=12),
    st.integers(min_value=1, max_value=60),
    st.integers(min_value=1, max_value=9),
)
def test_neither_lines_nor_bounds_depend_on_the_cut(stream: bytes, item: int, total: int, step: int) -> None:
    expected = outcome(NdjsonDecoder(max_item=item, max_total=total), [stream])
    reads = [stream[at : at + step] for at in range(0, len(stream), step)]

    assert outcome(NdjsonDecoder(max_item=item, max_total=total), reads) == expected


def test_an_endless_line_is_cut() -> None:
    decoder = NdjsonDecoder(max_item=1_000)

    with pytest.raises(StreamLimitReached):
        decoder.feed(b"x" * 1_001)
