"""What is the same in a plain answer and in a stream of them: a stream is a row of answers, each with the next parts.

https://ai.google.dev/api/generate-content#generatecontentresponse (2026-11)
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.chat.events import ChatEvent, Finish, Start, Usage
from shared.dialects.finish import finish_reason
from shared.dialects.gemini.candidate import Candidate
from shared.dialects.gemini.explain import failure_inside
from shared.dialects.lenient import find_count, find_text, record, records


class AnswerReader:
    """Takes one answer after another and gives events; the reasons to finish are told at the end, when they are sure.

    That is because STOP may stand on every piece, or on an empty first one: trap 46. Usage is cumulative: traps 20, 21.
    """

    def __init__(self) -> None:
        self._begun = False
        self._blocked: str | None = None
        self._candidates: dict[int, Candidate] = {}
        self._used: dict[str, Any] = {}

    @property
    def complete(self) -> bool:
        """Some reason to finish was said."""
        return self._blocked is not None or any(candidate.reason for candidate in self._candidates.values())

    def take(self, piece: dict[str, Any], events: list[ChatEvent]) -> None:
        """Append what one answer says. Raises the fitting ProviderError when it is an error."""
        if piece.get("error"):
            raise failure_inside(piece)
        if not self._begun:
            self._begun = True
            events.append(_start(piece))
        if reason := find_text(record(piece.get("promptFeedback")).get("blockReason")):
            self._blocked = reason
        for position, said in enumerate(records(piece.get("candidates"))):
            index = find_count(said.get("index"))
            self._candidate(position if index is None else index).take(said, events)
        self._count(record(piece.get("usageMetadata")), events)

    def end(self) -> list[ChatEvent]:
        """What is still open, and why each candidate finished."""
        events: list[ChatEvent] = []
        if self._blocked:
            self._candidate(0)
        for index, candidate in sorted(self._candidates.items()):
            candidate.end(events)
            events.append(self._finish(index, candidate))
        return events

    def _candidate(self, index: int) -> Candidate:
        candidate = self._candidates.get(index)
        if candidate is None:
            candidate = self._candidates[index] = Candidate(index)
        return candidate

    def _finish(self, index: int, candidate: Candidate) -> Finish:
        """A plain stop with calls means them; no other reason is masked. Traps 40, 45, 47."""
        if self._blocked:
            return Finish("content_filter", f"prompt blocked: {self._blocked}", index)
        reason = finish_reason(candidate.reason or ("STOP" if candidate.spoken else None))
        return Finish("tool_calls" if reason == "stop" and candidate.calls else reason, candidate.reason, index)

    def _count(self, raw: dict[str, Any], events: list[ChatEvent]) -> None:
        if raw != self._used and (used := usage(raw)):
            self._used = raw
            events.append(used)


def usage(raw: Mapping[str, Any]) -> Usage | None:
    """Google counts thoughts apart from the output, and what its own tools read apart from the prompt; here they are included."""
    prompt, total = find_count(raw.get("promptTokenCount")), find_count(raw.get("totalTokenCount"))
    if prompt is None and total is None:
        return None
    said, thought = find_count(raw.get("candidatesTokenCount")), find_count(raw.get("thoughtsTokenCount"))
    read = (prompt or 0) + (find_count(raw.get("toolUsePromptTokenCount")) or 0)
    spoken = None if said is None and thought is None else (said or 0) + (thought or 0)
    return Usage(
        input=read,
        output=spoken,
        cached=find_count(raw.get("cachedContentTokenCount")),
        reasoning=thought,
        total=read + spoken if total is None and spoken is not None else total,
        raw=raw,
    )


def _start(piece: Mapping[str, Any]) -> Start:
    return Start(
        find_text(piece.get("responseId")),
        find_text(piece.get("modelVersion")),
        _epoch(find_text(piece.get("createTime"))),
    )


def _epoch(moment: str | None) -> int | None:
    try:
        return int(datetime.fromisoformat(moment).timestamp()) if moment else None
    except (ValueError, OverflowError):
        return None
