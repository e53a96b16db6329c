"""The arrows of docs/architecture.md, read from the imports. Each rule is first held against small sources that break it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_SILENCED = re.compile(r"#\s*(?:noqa\b|type:\s*ignore\b)")
_EXPLAINED = re.compile(r"#\s*(?:noqa: [A-Z0-9, ]+?|type: ignore\[[a-z, -]+\]) (?:- | # ?)\S")

ROOMS: Mapping[str, str] = {
    # room: the rooms of shared/ that it may import from. Inward, never back.
    "errors": "",
    "secrets": "",
    "settings": "aws",
    "observability": "",
    "running": "",
    "wire": "errors",
    "chat": "errors",
    "dialects": "wire chat errors",
    "providers": "dialects wire chat errors secrets",
    "egress": "wire errors",
    "crypto": "aws errors secrets",
    "records": "crypto errors secrets",
    "storage": "aws records crypto errors secrets",
    "aws": "egress wire errors",
    "identity": "aws egress storage crypto records errors secrets wire",
    "insight": "chat storage records providers observability errors",
    "health": "storage errors observability",
    "gateway": "aws health insight observability providers dialects wire chat egress storage crypto identity records services running settings errors secrets",
    "services": "home_on_aws health observability providers records storage crypto identity egress running settings errors",
    "home_on_aws": "aws storage crypto identity egress settings errors",
    "web": "services insight providers identity records settings observability dialects wire chat errors secrets",
    "runtime": "wire errors observability",
}

# The second side of a port, opened by the composition root and its own room alone: above the port no code knows its home.
ENGINES = re.compile(
    r"shared\.(storage\.(sqlite|group_commit|dynamodb\w*|\w+_outbox)|crypto\.(kms|keyfile)|egress\.(client|connection|pool|tls)|identity\.(local|cognito|directory))\b"
)
OPENERS = {"shared/services.py", "shared/home_on_aws.py"}
# Every Lambda has its own composition in main.py; a door's tool may read all doors.
READS_ALL_DOORS = {"functions/local.py", "functions/reference/markdown.py"}

# What takes long to load, and the files (as patterns) that may do so on their first line.
HEAVY: Mapping[str, str] = {
    "boto3": r"-",
    "botocore": r"-",
    "genai_prices": r"shared/providers/prices\.py",
    "jwt": r"-",
    "httpx": r"-",
    "mangum": r"functions/(?!chat/)\w+/main\.py",
    "pydantic": r"functions/(?!chat/)\w+/\w+\.py|functions/chat/history/(app|schemas)\.py|shared/web/(schemas|keys|models|times|usage|fastapi)\.py",
    "fastapi": r"functions/((?!chat/)\w+/\w+|chat/history/(app|texts)|local|allowed_methods)\.py|shared/web/fastapi\.py",
    "uvicorn": r"functions/(local|bounded_server)\.py",
}
# What may be imported only there, however late.
ONLY: Mapping[str, str] = {
    "boto3": r"-",
    "botocore": r"shared/gateway/asking/credentials/sigv4\.py",
    "httptools": r"shared/(wire/http|egress/\w+)\.py",
    "socket": r"shared/egress/\w+\.py|functions/local\.py",
    "sqlite3": r"shared/storage/\w+\.py",
    "pydantic": r"functions/[\w/]+\.py|shared/web/\w+\.py",
    "fastapi": r"functions/[\w/]+\.py|shared/web/\w+\.py",
}
SPELT_KEY = re.compile(r"^[A-Z][A-Z_]+#")


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module, absolute. `at_once`: it loads with the file, not on a first use."""

    module: str
    line: int
    at_once: bool


def imports(source: str) -> Iterator[Import]:
    """Every import of a file, also within functions; what only a type checker reads is left out."""
    yield from _imports(ast.parse(source).body, at_once=True)


def _imports(nodes: list[ast.stmt], *, at_once: bool) -> Iterator[Import]:
    for node in nodes:
        match node:
            case ast.Import():
                yield from (Import(alias.name, node.lineno, at_once) for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield from (Import(f"{module}.{alias.name}", node.lineno, at_once) for alias in node.names)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from _imports(node.orelse, at_once=at_once)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from _imports(node.body, at_once=False)
            case _:
                inner = [child for child in ast.walk(node) if isinstance(child, ast.stmt) and child is not node]
                direct = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
                yield from _imports(direct or inner, at_once=at_once)


def broken(path: str, source: str) -> list[str]:
    """Every rule that this file breaks, as `path:line: why`."""
    found = [f"{path}:{there.line}: {why}" for there in imports(source) for why in _against(path, there)]
    if path != "shared/storage/layout.py":
        found += [f"{path}:{line}: spells a row's key; shared/storage/layout.py does that" for line in _spelt(source)]
    found += [f"{path}:{line}: asks for a provider by name; make it a field of the row" for line in _named(source)]
    return found


def _against(path: str, there: Import) -> Iterator[str]:
    yield from _arrow(path, there.module)
    top = there.module.split(".")[0]
    if there.at_once and top in HEAVY and not re.fullmatch(HEAVY[top], path):
        yield f"loads {top} with the file; import it where it is first used"
    if top in ONLY and not re.fullmatch(ONLY[top], path):
        yield f"imports {top}, which has its own place"


def _arrow(path: str, module: str) -> Iterator[str]:
    here, there = _room(path), module.split(".")[1] if module.startswith("shared.") else None
    if ENGINES.match(module) and here != there and path not in OPENERS:
        yield f"imports {module}; only {' and '.join(sorted(OPENERS))} know which home it is"
    if path.startswith("functions/"):
        yield from _door(path, module)
    elif module.startswith("functions"):
        yield f"imports {module}; arrows point inward, from functions"
    elif there is not None and here not in ROOMS:
        yield f"stands in the room {here}, which no arrow knows; draw it in ROOMS"
    elif there is not None and there != here and there not in ROOMS[here].split():
        yield f"imports {module}; from {here} an arrow goes to {ROOMS[here] or 'nothing'}"


def _door(path: str, module: str) -> Iterator[str]:
    door = path.split("/")[1]
    if module.startswith("functions.") and module.split(".")[1] != door and path not in READS_ALL_DOORS:
        yield f"imports {module}; a door never knocks on another door"


def _room(path: str) -> str:
    return path.split("/")[1].removesuffix(".py")


def _spelt(source: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SPELT_KEY.match(node.value):
            yield node.lineno


def _named(source: str) -> Iterator[int]:
    """Comparisons of something called provider with a literal: `provider == "openai"`, `row.id in ("a", "b")`, `match provider`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare(left=left, comparators=[right, *_]):
                sides = (left, right)
                if any(_is_provider(side) for side in sides) and any(_is_text(side) for side in sides):
                    yield node.lineno
            case ast.Match(subject=subject) if _is_provider(subject):
                yield node.lineno


def _is_provider(node: ast.expr) -> bool:
    name = ast.unparse(node)
    return bool(re.search(r"(^|[._])(provider|vendor)(\.(id|name)|_id|_name)?$", name))


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            return bool(text)
        case ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.List(elts=parts):
            return any(_is_text(part) for part in parts)
        case _:
            return False


BREAKERS = {
    "an arrow outward": ("shared/wire/sse.py", "from shared.dialects.dialect import Dialect"),
    "an arrow outward, late": ("shared/chat/events.py", "def f():\n    import shared.gateway.targets.plan"),
    "shared knows a door": ("shared/web/stream.py", "from functions.chat import app"),
    "a door knocks on another": ("functions/chat/app.py", "from functions.configs.schemas import ConfigBody"),
    "a door opens an engine": ("functions/chat/app.py", "from shared.storage.sqlite import SqliteTable"),
    "the gateway opens an engine": ("shared/gateway/asking/ask.py", "import shared.egress.client"),
    "a room without arrows": ("shared/utils/text.py", "from shared.errors import NotFound"),
    "heavy at once": ("shared/gateway/asking/ask.py", "import genai_prices"),
    "heavy at once, within a try": ("shared/web/stream.py", "try:\n    import jwt\nexcept ImportError:\n    pass"),
    "pydantic in the chat door": ("functions/chat/app.py", "from pydantic import BaseModel"),
    "boto3 out of place": ("shared/identity/tokens.py", "def f():\n    import boto3"),
    "a socket out of place": ("shared/gateway/asking/ask.py", "import socket"),
    "a spelt key": ("shared/storage/tokens.py", 'pk = f"OWNER#{owner}"'),
    "a named provider": ("shared/gateway/targets/plan.py", 'if target.provider == "openai": pass'),
    "some named providers": ("functions/chat/app.py", 'if row.provider.id in ("openai", "azure"): pass'),
    "a matched provider": ("shared/gateway/targets/plan.py", 'match provider:\n    case "openai": pass'),
}


@pytest.mark.parametrize("case", BREAKERS)
def test_a_source_that_breaks_a_rule_is_told(case: str) -> None:
    assert len(broken(*BREAKERS[case])) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "shared/dialects/openai/read.py",
            "from shared.wire.sse import SseDecoder\nfrom shared.errors import BadResponse",
        ),
        ("functions/chat/app.py", "from functions.chat.openapi import document\nfrom shared.services import Services"),
        ("shared/services.py", "def f():\n    from shared.storage.sqlite import SqliteTable"),
        (
            "shared/gateway/asking/credentials/sigv4.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import botocore\ndef f():\n    import botocore",
        ),
        ("shared/storage/layout.py", 'pk = f"OWNER#{owner}"'),
        ("functions/local.py", "import functions.chat.app, functions.configs.app"),
        ("shared/gateway/targets/plan.py", "if config.provider == wanted: pass"),
    ],
)
def test_a_source_that_keeps_them_is_not(path: str, source: str) -> None:
    assert broken(path, source) == []


def test_the_house_keeps_its_arrows() -> None:
    files = [path for folder in ("shared", "functions") for path in sorted((ROOT / folder).rglob("*.py"))]
    reasons = [why for path in files for why in broken(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))]

    assert len(files) > 50
    assert not reasons, "\n" + "\n".join(reasons)


def test_nothing_of_the_product_imports_its_tests() -> None:
    files = [path for folder in ("shared", "functions", "infra") for path in (ROOT / folder).rglob("*.py")]
    files = [path for path in files if "node_modules" not in path.parts]
    outside = {"tests", "benchmarks"}

    assert [
        path for path in files for there in imports(path.read_text("utf-8")) if there.module.split(".")[0] in outside
    ] == []


def test_every_room_has_its_plate() -> None:
    """The first docstring of a room says what it is for; a room may be a file."""
    rooms = [path for folder in ("shared", "functions") for path in sorted((ROOT / folder).rglob("*.py"))]

    assert [path for path in rooms if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_the_chat_door_loads_nothing_heavy() -> None:
    script = "import sys, functions.chat.main; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert "functions.chat.app" in loaded
    assert {"fastapi", "pydantic", "boto3", "botocore", "httpx", "jwt", "genai_prices", "mangum", "uvicorn"}.isdisjoint(
        loaded
    )


def unexplained(source: str) -> Iterator[int]:
    """Lines on which a check is silenced and nobody says why."""
    for number, line in enumerate(source.splitlines(), 1):
        if _SILENCED.search(line) and not _EXPLAINED.search(line):
            yield number


def test_a_silenced_check_carries_its_reason() -> None:
    """First held against lines with and without; then no file has one without."""
    silent = ["x = 1  # no" + "qa", "x = 1  # no" + "qa: S105", "x = 1  # type: " + "ignore[arg-type]"]
    told = [f"{silent[1]} - a name, not a secret", f"{silent[2]}  # as `tell` wrote it", "x = 1  # fmt: skip"]
    folders = ("shared", "functions", "infra", "tests", "benchmarks")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts]
    found = [f"{path}:{number}" for path in files for number in unexplained(path.read_text("utf-8"))]

    assert list(unexplained("\n".join(silent))) == [1, 2, 3]
    assert not list(unexplained("\n".join(told)))
    assert not found, "\n" + "\n".join(found)
