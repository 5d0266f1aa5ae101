"""The scheduler's unit: what it names, what it forbids, that systemd takes it, and that no secret stands in it."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from project88.edges import units
from project88.edges.units import CHECKOUT, Service, service_here, settings_text, unit_text, write_unit

SECRET = 'it\'s "a $ecret" %with #all'
SERVICE = Service(
    python=Path("/opt/hub/.venv/bin/python3"), home=Path("/var/lib/hub"), user="hub", keys=None, is_embedded=False
)


def values(text: str, name: str) -> list[str]:
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{name}=")]


def changed(**changes: object) -> str:
    fields = {name: getattr(SERVICE, name) for name in Service.__slots__}
    return unit_text(Service(**{**fields, **changes}))


def test_it_starts_the_scheduler_of_this_checkout_and_lets_it_end_in_time():
    text = unit_text(SERVICE)

    assert values(text, "ExecStart") == [
        f"/opt/hub/.venv/bin/python3 {CHECKOUT / 'schedulers/chronotrack_live_scheduler.py'}"
    ]
    assert values(text, "WorkingDirectory") == [str(CHECKOUT)]
    assert (values(text, "User"), values(text, "KillSignal"), values(text, "TimeoutStopSec")) == (
        ["hub"],
        ["SIGTERM"],
        ["20"],
    )
    assert values(text, "EnvironmentFile") == ["-/var/lib/hub/chronotrack-live.env"]
    assert values(text, "WantedBy") == ["multi-user.target"]


def test_the_key_of_the_sealed_secrets_comes_from_systemd_once_there_is_one():
    assert values(unit_text(SERVICE), "LoadCredential") == []
    assert values(changed(keys=Path("/var/lib/hub/credentials.keys")), "LoadCredential") == [
        "project88.keys:/var/lib/hub/credentials.keys"
    ]


def test_only_root_with_its_own_postgresql_may_change_the_user():
    assert values(unit_text(SERVICE), "CapabilityBoundingSet") == [""]
    assert values(changed(user="root"), "CapabilityBoundingSet") == [""]
    assert "CAP_SETUID" in values(changed(user="root", is_embedded=True), "CapabilityBoundingSet")[0]


@pytest.mark.parametrize(
    ("home", "protect_home", "private_tmp"),
    [
        ("/var/lib/hub", "yes", "yes"),
        ("/home/hub/data", "read-only", "yes"),
        ("/tmp/hub", "yes", "no"),
    ],
)
def test_what_it_needs_stays_in_its_reach(
    home: str, protect_home: str, private_tmp: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(units, "CHECKOUT", Path("/opt/hub"))
    text = changed(home=Path(home))

    assert values(text, "ProtectHome") == [protect_home]
    assert values(text, "PrivateTmp") == [private_tmp]
    assert f"-{home}" in values(text, "ReadWritePaths")


def test_the_settings_lead_to_the_database_in_use_and_keep_what_an_operator_added():
    old = "PROJECT88_SMTP_HOST=mail\nDATABASE_URL=old\nPGHOST=older\n# a note\n"
    text = settings_text(old, {"PGHOST": "db", "PGPASSWORD": SECRET})
    lines = [line for line in text.splitlines() if not line.startswith("#")]

    assert [line.partition("=")[0] for line in lines] == ["PROJECT88_SMTP_HOST", "PGHOST", "PGPASSWORD"]
    assert shlex.split(lines[-1].partition("=")[2]) == [SECRET]
    assert "# a note" in text
    assert settings_text(text, {"PGHOST": "db", "PGPASSWORD": SECRET}) == text
    assert settings_text(text, {}) == text


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A unit written where PostgreSQL is named with a password."""
    for name, value in (("PROJECT88_HOME", str(tmp_path / "home")), ("PGHOST", "db"), ("PGPASSWORD", SECRET)):
        monkeypatch.setenv(name, value)
    return write_unit(tmp_path / units.UNIT_NAME)


def test_the_secret_is_in_the_private_file_only(deployed: Path):
    settings = service_here().settings

    assert "$ecret" not in deployed.read_text()
    assert "$ecret" in settings.read_text()
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert stat.S_IMODE(deployed.stat().st_mode) == 0o644


def test_a_link_in_the_units_place_is_replaced_and_its_target_untouched(deployed: Path, tmp_path: Path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    deployed.unlink()
    deployed.symlink_to(victim)
    write_unit(deployed)

    assert victim.read_text() == "mine"
    assert not deployed.is_symlink()


def test_systemd_finds_no_fault_in_it(deployed: Path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(deployed)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )

    assert (checked.returncode, checked.stderr.strip()) == (0, "")
