"""What lies in the zips, made as for a deployment but for this machine's own processor, so that it can be run."""

import hashlib
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from infra.bundle import CHAT, CHAT_WITH_SERVER, DOORS, Bundle, BundleError, build, size_of, zipped_size
from infra.stage import Architecture

HERE: Architecture = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
UNCHECKED_HASH = 1
"""The flags of a .pyc that nobody compares with its source: PEP 552."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Lambda's wheels run on Linux alone")


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    into = tmp_path_factory.mktemp("bundles")
    return {each.name: build(each, HERE, into) for each in (CHAT, DOORS)}


@pytest.mark.parametrize("which", [CHAT, DOORS], ids=lambda each: each.name)
def test_its_doors_start_from_what_lies_in_it_alone(zips: dict[str, Path], which: Bundle) -> None:
    """boto3 is the runtime's; nothing here loads it at the start."""
    parts = [f"{door}.{'main' if door in {'sweeper', 'teller'} else 'app'}" for door in which.doors]
    wanted = "; ".join(
        f"import functions.{part}" for part in (*parts, *(["chat.history.app"] if which is CHAT else []))
    )
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(zips[which.name])!r}); {wanted}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["chat", "doors"])
def test_every_file_of_python_is_compiled_so_that_lambda_believes_it(zips: dict[str, Path], name: str) -> None:
    """Zips hold no times, so bytecode that goes by time is compiled anew at each cold start."""
    sources = list(zips[name].rglob("*.py"))
    compiled = [source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc" for source in sources]

    assert len(sources) > 500
    assert {int.from_bytes(path.read_bytes()[4:8], "little") for path in compiled} == {UNCHECKED_HASH}


@pytest.mark.parametrize("name", ["chat", "doors"])
def test_it_holds_no_tests_no_infrastructure_no_sdk_and_nothing_that_runs_by_itself(
    zips: dict[str, Path], name: str
) -> None:
    """Threat I16."""
    here = {path.name for path in zips[name].iterdir()}

    assert not here & {"tests", "infra", "boto3", "botocore", "openai", "anthropic", "moto", "bin", ".lock"}
    assert not list(zips[name].rglob("*.pth"))


def test_the_chat_zip_holds_one_door_and_what_its_history_needs(zips: dict[str, Path]) -> None:
    assert {path.name for path in (zips["chat"] / "functions").iterdir() if path.is_dir()} <= {"chat", "__pycache__"}
    assert (zips["chat"] / "fastapi").is_dir()
    assert not (zips["chat"] / "mangum").exists()


def test_made_twice_it_is_the_same(zips: dict[str, Path], tmp_path: Path) -> None:
    """Threat I16: what is deployed can be made again from the lock file."""

    def digest(folder: Path) -> dict[str, str]:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    assert digest(build(CHAT, HERE, tmp_path)) == digest(zips["chat"])


def test_it_fits_into_lambda_with_room_to_spare(zips: dict[str, Path]) -> None:
    for folder in zips.values():
        assert size_of(folder) < 100e6
        assert zipped_size(folder) < 30e6


def test_for_arm_too_there_is_a_wheel_of_everything(tmp_path: Path) -> None:
    folder = build(CHAT_WITH_SERVER, "arm64", tmp_path)

    libraries = [path.name for path in folder.rglob("*.so")]
    assert any("aarch64" in name for name in libraries)
    assert not any("x86_64" in name for name in libraries)
    assert (folder / "uvicorn").is_dir()


def test_a_package_that_is_not_in_the_lock_is_a_clear_message(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no-such-group"):
        build(Bundle("chat", "no-such-group", ("chat",)), HERE, tmp_path)


def test_a_zip_too_large_for_lambda_is_not_deployed(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="Lambda takes 1 MB"):
        build(CHAT, HERE, tmp_path, largest=10**6)
