"""Which words of an answer show a tool that is paid by its use."""

from typing import Any

import pytest

from shared.providers.fees import has_fees, is_fee


@pytest.mark.parametrize(
    ("name", "value", "paid"),
    [
        ("web_search_call", {"action": {"type": "search"}}, True),
        ("file_search_call", {}, True),
        ("mcp_call", {}, False),
        ("groundingMetadata", {"webSearchQueries": ["weather"]}, True),
        ("groundingMetadata", {"groundingChunks": []}, False),
        ("groundingMetadata", None, False),
        ("annotations", [{"type": "url_citation"}], True),
        ("annotations", [{"type": "file_path"}, "odd"], False),
        ("annotations", "odd", False),
        ("logprobs", {"content": []}, False),
    ],
)
def test_a_fee_is_known_by_its_name(name: str, value: Any, *, paid: bool) -> None:
    """Trap 67."""
    assert is_fee(name, value) is paid


@pytest.mark.parametrize(
    ("raw", "paid"),
    [
        ({"num_server_side_tools_used": 2}, True),
        ({"num_server_side_tools_used": 0}, False),
        ({"server_side_tool_usage_details": {"web_search_calls": 1, "x_search_calls": 0}}, True),
        ({"server_side_tool_usage_details": {"web_search_calls": 0}}, False),
        ({}, False),
    ],
)
def test_a_usage_that_counts_them_says_so(raw: dict[str, Any], *, paid: bool) -> None:
    assert has_fees(raw) is paid
