"""What the upstreams do, in no dialect: what was asked, what is answered, and the scenes that the user's last words choose from."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

GREETING = ("Bon", "jour", ", ", "\u4f60\u597d", "!")
AWKWARD = ("a\u2028b", "\u2029", "c\u0085d ", "\U0001f469\u200d\U0001f467 ", "caf\u00e9\n\t", '"quoted" \\ end')
"""Trap 79: line separators that are none on the wire, and a family that is several code points."""
THOUGHTS = ("Let me ", "think\u2026")
SIGNATURE = "EqQBbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB1L9RIvNEVUxTveLruM0rfj0WAK1jHDhaXXzOI8d4VFmmFi"
REDACTED = "EmwKyjWHWPbSfmz0UnKTeXenSP2IOR22ec7afce/HwBe6Hm+6td5lM9XM0HsF7WLv36zTScRyZPB2XaxKLMYjcGCmmM="
WHY = "I cannot help with that."


@dataclass(frozen=True)
class Tool:
    """One that the caller offers."""

    name: str
    schema: dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What a tool gave: the call that it answers, and its text."""

    name: str
    arguments: dict[str, Any]
    text: str


@dataclass(frozen=True)
class Asked:
    """A request, read and found well formed."""

    model: str
    said: str
    """The user's last words."""
    stream: bool
    system: str = ""
    tools: tuple[Tool, ...] = ()
    choice: str = "auto"
    """auto, none, any, or `=` and the name of a tool."""
    parallel: bool = True
    results: tuple[Result, ...] = ()
    """Those after the last answer."""
    media: tuple[str, ...] = ()
    schema: dict[str, Any] | None = None
    json: bool = False
    stop: tuple[str, ...] = ()
    n: int = 1
    thinking: bool = False
    told: dict[str, Any] = field(default_factory=dict)
    """All that the scene `echo` says back."""

    @property
    def scene(self) -> str:
        found = re.findall(r"scene:([a-z0-9-]+)", self.said)
        return found[-1] if found else ""


@dataclass(frozen=True)
class Call:
    """A tool call."""

    name: str
    arguments: dict[str, Any]
    id: str


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    text: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    redacted: bool = False
    calls: tuple[Call, ...] = ()
    finish: str = "stop"
    """stop, length, tool_calls, refusal, stop_sequence."""
    stopped_by: str | None = None
    cached: int = 0
    manner: str = ""
    """How it is streamed: `bytes`, `one-chunk`, `interleaved`, `error`, `cut`, `slow`, `stall`."""

    @property
    def whole(self) -> str:
        return "".join(self.text)


class Failure(Exception):
    """An answer that is none."""

    def __init__(self, status: int, kind: str, message: str, retry_after: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.retry_after = retry_after


_FAILURES = {
    "error-400": (400, "invalid", "This request is invalid for reasons of the upstream."),
    "error-401": (401, "authentication", "The key was withdrawn."),
    "error-403": (403, "permission", "The project may not use this model."),
    "error-404": (404, "not_found", "The model `gone` does not exist."),
    "error-429": (429, "rate_limit", "Rate limit reached. Slow down."),
    "error-500": (500, "server", "The server had an error."),
    "error-503": (503, "unavailable", "The server is overloaded."),
    "error-529": (529, "overloaded", "Overloaded"),
    "error-context": (400, "context", "too long"),
}


def reply(asked: Asked) -> Reply:
    """What this scene answers. Raises Failure."""
    scene = asked.scene
    if scene in _FAILURES:
        status, kind, message = _FAILURES[scene]
        raise Failure(status, kind, message, "7" if status == 429 else None)
    thoughts = THOUGHTS if asked.thinking else ()
    if asked.results:
        heard = "; ".join(f"{one.name}({_compact(one.arguments)})={one.text}" for one in asked.results)
        return Reply(("heard ", heard), thoughts=thoughts)
    if (calls := _calls(asked)) and asked.choice != "none":
        text = ("Let me ", "look.") if scene == "text-and-tool" else ()
        return Reply(text, thoughts=thoughts, calls=calls, finish="tool_calls", manner=scene)
    act: Act = _SCENES.get(scene, _plain)
    return act(asked, thoughts)


def _calls(asked: Asked) -> tuple[Call, ...]:
    forced = asked.choice == "any" or asked.choice.startswith("=")
    if not asked.tools or not (forced or asked.scene in _CALLING or "weather" in asked.said):
        return ()
    named = asked.choice.removeprefix("=")
    tool = next((tool for tool in asked.tools if tool.name == named), asked.tools[0])
    several = 2 if asked.scene in _SEVERAL and asked.parallel else 1
    return tuple(Call(tool.name, sample(tool.schema, turn), f"{turn}") for turn in range(several))


_SEVERAL = {"parallel", "one-chunk", "interleaved"}
_CALLING = {"tool", "text-and-tool", "noargs", *_SEVERAL}


def _plain(asked: Asked, thoughts: tuple[str, ...]) -> Reply:
    if asked.schema is not None or asked.json or "JSON object" in asked.system:
        schema = asked.schema if asked.schema is not None else _in_words(asked.system)
        return Reply(tuple(_halves(json.dumps(sample(schema), ensure_ascii=False))), thoughts=thoughts)
    return Reply(GREETING, thoughts=thoughts)


def _in_words(system: str) -> dict[str, Any]:
    """The schema that the instructions quote, if they do."""
    try:
        quoted = json.loads(system[system.index("{") : system.rindex("}") + 1])
    except ValueError:
        return {}
    return quoted if isinstance(quoted, dict) else {}


def _echo(asked: Asked, thoughts: tuple[str, ...]) -> Reply:
    told = {**asked.told, "system": asked.system, "tools": [tool.name for tool in asked.tools], "choice": asked.choice}
    told |= {"stop": list(asked.stop), "n": asked.n, "thinking": asked.thinking, "media": list(asked.media)}
    return Reply((json.dumps(told, ensure_ascii=False, sort_keys=True),), thoughts=thoughts)


def _stop(asked: Asked, thoughts: tuple[str, ...]) -> Reply:
    if not asked.stop:
        return Reply(("before", "END", "after"))
    return Reply(("before",), finish="stop_sequence", stopped_by=asked.stop[0])


type Act = Callable[[Asked, tuple[str, ...]], Reply]

_SCENES: dict[str, Act] = {
    "echo": _echo,
    "stop": _stop,
    "unicode": lambda asked, thoughts: Reply(AWKWARD, thoughts=thoughts, manner="bytes"),
    "system": lambda asked, thoughts: Reply((f"system: {asked.system}",), thoughts=thoughts),
    "look": lambda asked, thoughts: Reply(("I see ", "; ".join(asked.media)), thoughts=thoughts),
    "redacted": lambda asked, thoughts: Reply(GREETING, redacted=True),
    "refusal": lambda asked, thoughts: Reply(("I cannot ", "help with that."), finish="refusal"),
    "length": lambda asked, thoughts: Reply(("It is a long", " story"), finish="length"),
    "empty-length": lambda asked, thoughts: Reply((), finish="length"),
    "cached": lambda asked, thoughts: Reply(GREETING, cached=16),
    "error-stream": lambda asked, thoughts: Reply(GREETING, manner="error"),
    "cut": lambda asked, thoughts: Reply(GREETING, manner="cut"),
    "slow": lambda asked, thoughts: Reply(GREETING, manner="slow"),
    "stall": lambda asked, thoughts: Reply(GREETING, manner="stall"),
    "long": lambda asked, thoughts: Reply(tuple(f"word{index} " for index in range(400))),
}

INPUT = 20
OUTPUT = 8
REASONING = 3


# A sample of what a schema allows -------------------------------------------------------------------------------------

_VALUES: dict[str, tuple[Any, ...]] = {
    "city": ("Paris", "Rome"),
    "name": ("Ada", "Alan"),
    "age": (36, 41),
    "country": ("France", "Italy"),
}


def sample(schema: dict[str, Any], turn: int = 0) -> dict[str, Any]:
    """An object that fits, made of the values that the checks expect."""
    value = _sample(schema, schema, "", turn)
    return value if isinstance(value, dict) else {"answer": value}


def _sample(schema: dict[str, Any], root: dict[str, Any], name: str, turn: int) -> Any:
    if "$ref" in schema:
        return _sample(_target(schema["$ref"], root), root, name, turn)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            choices = [one for one in schema[several] if one.get("type") not in ("null", "NULL")]
            return _sample(choices[0], root, name, turn)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][turn % len(schema["enum"])]
    return _of_type(schema, root, name, turn)


def _target(reference: str, root: dict[str, Any]) -> Any:
    target: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        target = target[step] if step else target
    return target


def _is_a_branch(schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """It holds itself, so that a sample of it would have no end."""
    reference = schema.get("$ref")
    return reference is not None and json.dumps({"$ref": reference})[1:-1] in json.dumps(_target(reference, root))


def _of_type(schema: dict[str, Any], root: dict[str, Any], name: str, turn: int) -> Any:
    declared = schema.get("type", "object")
    kinds = [declared] if isinstance(declared, str) else [one for one in declared if one != "null"]
    match kinds[0].lower():
        case "object":
            inner = schema.get("properties") or {}
            return {key: _sample(value, root, key, turn) for key, value in inner.items()}
        case "array" if _is_a_branch(schema.get("items") or {}, root):
            return []
        case "array":
            return [_sample(schema.get("items") or {"type": "string"}, root, name, index) for index in range(2)]
        case "integer":
            return _VALUES[name][turn] if name == "age" else 7
        case "number":
            return _VALUES[name][turn] if name == "age" else 7.5
        case "boolean":
            return True
        case _:
            return _VALUES.get(name, ("w\u00f6rd", "w\u00f6rd two"))[turn]


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _halves(text: str) -> list[str]:
    """In pieces, as a stream has them: never in the middle of nothing."""
    third = max(1, len(text) // 3)
    return [text[at : at + third] for at in range(0, len(text), third)]


def pieces_of(arguments: dict[str, Any]) -> list[str]:
    """The arguments of a call as a stream brings them."""
    return _halves(json.dumps(arguments, ensure_ascii=False))
