"""What is found before the first request, and what is done without a server."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.records.policy import Webhook
from shared.storage import layout
from shared.storage.audit import AuditLog, list_entries
from shared.storage.policies import save_webhook
from shared.storage.sqlite import SqliteTable
from tests.fakes.gateway import ROOT
from tests.fakes.services import FixedClock

SECRET = "0123456789abcdef0123456789abcdef"


def told(home: Path, *action: str, **settings: str) -> tuple[int, str]:
    """How the command ends, and what it says."""
    named = {f"REALMULTILLM_{name}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "functions.local", *action],
        cwd=ROOT,
        env={**os.environ, "REALMULTILLM_HOME": str(home), **named},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


async def test_the_verifier_tells_whether_the_log_is_whole_and_where_it_is_not(tmp_path: Path) -> None:
    """Threat I12."""
    table = SqliteTable(tmp_path / "table.sqlite")
    log = AuditLog(table, now=FixedClock())
    for number in range(3):
        await log.add("token.created", subject=f"t{number}")
    whole = told(tmp_path, "verify-audit")
    await table.delete(layout.audit_entry(2))
    await table.close()
    broken = told(tmp_path, "verify-audit")

    assert whole == (0, "The audit log is whole.\n")
    assert broken == (1, "The audit log is broken at entry 2: it is missing.\n")


async def test_a_rotation_of_the_master_key_is_in_the_log_which_stays_whole(tmp_path: Path) -> None:
    """Threat I12: who, what and when, also beside a server that goes on writing."""
    table = SqliteTable(tmp_path / "table.sqlite")
    log = AuditLog(table, now=FixedClock())
    await log.add("token.created", subject="t0")
    begun = int(time.time())
    rotated = told(tmp_path, "rotate-master-key")
    await log.add("token.revoked", subject="t0")
    newest, entry, *_ = await list_entries(table)
    await table.close()
    masters = json.loads((tmp_path / "keys.json").read_text())["keys"]

    assert rotated[0] == 0
    assert (newest.number, newest.action) == (3, "token.revoked")
    assert (entry.action, entry.subject) == ("encryption.master_key_rotated", masters[-1]["id"])
    assert (entry.actor, entry.details) == (None, {"by": "operator", "uid": str(os.getuid())})
    assert entry.at >= begun
    assert not [key for key in masters if key["key"] in rotated[1] + repr(entry)]
    assert told(tmp_path, "verify-audit") == (0, "The audit log is whole.\n")


async def test_a_rotation_that_cannot_be_written_down_says_so(tmp_path: Path) -> None:
    """It happened all the same: whoever did it should not be told that it went well."""
    (tmp_path / "table.sqlite").write_bytes(b"no table at all, and long enough to be looked at" * 100)
    code, said = told(tmp_path, "rotate-master-key")

    assert code == 2
    assert "not in the audit log" in said


@pytest.mark.parametrize(
    ("url", "settings", "reason"),
    [
        ("https://alerts.example.com/x", {}, "REALMULTILLM_ALERT_SECRET"),
        ("http://alerts.example.com/x", {"ALERT_SECRET": SECRET}, "https"),
        (None, {"ALERT_SECRET": "short"}, "32"),
        (None, {"COUNTRY_HEADER": "a header"}, "REALMULTILLM_COUNTRY_HEADER"),
    ],
)
async def test_a_webhook_that_could_not_be_told_is_found_before_the_first_alert(
    tmp_path: Path, url: str | None, settings: dict[str, str], reason: str
) -> None:
    """An unset secret is a failure to start (CVE of New API)."""
    table = SqliteTable(tmp_path / "table.sqlite")
    await save_webhook(table, Webhook(url) if url else None)
    await table.close()
    code, said = told(tmp_path, PORT="1", **settings)

    assert code == 2
    assert reason in said
    assert SECRET not in said
