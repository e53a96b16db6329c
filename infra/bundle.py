"""The two zips: our own code, and what uv.lock says it needs, for Lambda's Python and processor. No container engine takes part.

Wheels alone, each checked against its hash; nothing of a package runs here. Bytecode is compiled with unchecked hashes: the CDK sets every time in a
zip to 1980, which makes Lambda compile all of it anew at each cold start where bytecode goes by time (docs/deploy.md, "What is in the zips").
"""

import compileall
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

from uv import find_uv_bin

from infra.stage import Architecture

ROOT: Final = Path(__file__).resolve().parents[1]
PYTHON: Final = "3.13"
PLATFORMS: Final[Mapping[Architecture, str]] = {
    "arm64": "aarch64-manylinux2014",
    "x86_64": "x86_64-manylinux2014",
}
_NEVER: Final = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
LARGEST: Final = 250 * 1024 * 1024
"""Bytes, unzipped. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (2026-11)."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What lies in one zip: doors of ours, `shared`, and the packages of a dependency group of pyproject.toml."""

    name: str
    group: str
    doors: tuple[str, ...]


CHAT: Final = Bundle("chat", "lambda-chat", ("chat",))
CHAT_WITH_SERVER: Final = Bundle("chat", "lambda-web-adapter", ("chat",))
DOORS: Final = Bundle(
    "doors",
    "lambda-doors",
    ("accounts", "configs", "key_test", "catalog", "analytics", "admin", "sweeper", "teller"),
)


class BundleError(RuntimeError):
    """A zip cannot be made here. The message says what uv said."""


def build(bundle: Bundle, architecture: Architecture, into: Path, *, largest: int = LARGEST) -> Path:
    """The unzipped bundle in a folder of its own under `into`; what lay there before is gone.

    Raises:
        BundleError: a package has no wheel for that processor, a hash is wrong, or it becomes too large for Lambda.
    """
    folder = into / f"{bundle.name}-{architecture}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _install(_locked(bundle.group), architecture, folder)
    _copy_ours(bundle, folder)
    _compile(folder)
    if (size := size_of(folder)) > largest:
        raise BundleError(f"{bundle.name} has {size / 1e6:.0f} MB unzipped; Lambda takes {largest / 1e6:.0f} MB")
    return folder


def size_of(folder: Path) -> int:
    """Bytes, unzipped."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def zipped_size(folder: Path) -> int:
    """Bytes, about as the CDK zips it."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return buffer.tell()


def _locked(group: str) -> str:
    """The group's packages as uv.lock pins them, each with its hashes."""
    command = (
        "export",
        "--frozen",
        "--only-group",
        group,
        "--no-header",
        "--no-annotate",
        "--format",
        "requirements.txt",
    )
    return _uv(*command, "--project", str(ROOT))


def _install(requirements: str, architecture: Architecture, folder: Path) -> None:
    """From what uv has fetched before, if that is all of it: then nothing is asked of any registry."""
    try:
        _install_from("--offline", requirements, architecture, folder)
    except BundleError:
        _install_from("--no-progress", requirements, architecture, folder)
    (folder / ".lock").unlink(missing_ok=True)
    shutil.rmtree(folder / "bin", ignore_errors=True)
    if startup := [path.name for path in folder.glob("*.pth")]:
        raise BundleError(f"{startup[0]} would run at every start of Python; a package that brings one is not deployed")


def _install_from(where: str, requirements: str, architecture: Architecture, folder: Path) -> None:
    _uv(
        "pip",
        "install",
        where,
        "--quiet",
        "--require-hashes",
        "--no-deps",
        "--only-binary=:all:",
        "--no-installer-metadata",
        "--link-mode=copy",
        f"--python={sys.executable}",
        f"--python-version={PYTHON}",
        f"--python-platform={PLATFORMS[architecture]}",
        f"--target={folder}",
        "--requirement=-",
        given=requirements,
    )


def _copy_ours(bundle: Bundle, folder: Path) -> None:
    shutil.copytree(ROOT / "shared", folder / "shared", ignore=_NEVER)
    (folder / "functions").mkdir()
    shutil.copy2(ROOT / "functions" / "__init__.py", folder / "functions")
    for door in bundle.doors:
        shutil.copytree(ROOT / "functions" / door, folder / "functions" / door, ignore=_NEVER)


def _compile(folder: Path) -> None:
    """Where the files will lie on Lambda stands in the bytecode, so that tracebacks name it."""
    if sys.version_info[:2] != tuple(map(int, PYTHON.split("."))):
        raise BundleError(f"Lambda runs Python {PYTHON}, and only that makes its bytecode: use it here too")
    compiled = compileall.compile_dir(
        folder,
        quiet=1,
        stripdir=str(folder),
        prependdir="/var/task",
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        raise BundleError("a file in the bundle is no Python that compiles; it is named above")


def _uv(*words: str, given: str | None = None) -> str:
    done = subprocess.run([find_uv_bin(), *words], input=given, capture_output=True, text=True, check=False)  # noqa: S603 - our own uv
    if done.returncode:
        raise BundleError(f"uv {words[0]}: {done.stderr.strip()}")
    return done.stdout
