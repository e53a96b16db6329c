"""Ids of calls for families that take few letters in one: ids that other providers made may hold more, or be longer. Trap 41."""

import hashlib
import re


def fitting(call_id: str, letters: re.Pattern[str]) -> str:
    """The id, or one that stands for it; a call and its result get the same."""
    return call_id if letters.fullmatch(call_id) else f"call_{hashlib.sha256(call_id.encode()).hexdigest()[:32]}"
