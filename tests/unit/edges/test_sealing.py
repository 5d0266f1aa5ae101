"""Sealing: what opens a sealed text and what does not, the key file, and two processes that make the first key."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project88.edges import sealing
from project88.edges.sealing import (
    Key,
    KeyRing,
    add_key,
    forget_keys,
    is_sealed,
    key_id_of,
    make_key_ring,
    open_key_ring,
)
from project88.errors import ConfigError, KeyMissing

CONTEXT = "partner_provider_credentials|1|chronotrack_live|"
RING = KeyRing(keys=[Key(created="2026-01-01", secret=b"k" * 32)], places=[])
MAKE_AND_SAY = "from project88.edges.sealing import make_key_ring; print(*make_key_ring().key_ids)"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("PROJECT88_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def key_file(home: Path) -> Path:
    make_key_ring()
    return home / "credentials.keys"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.text(alphabet="ab|1 é"))
def test_what_is_sealed_opens_again_with_the_same_context(secret: str, context: str):
    sealed = RING.seal(secret, context)

    assert is_sealed(sealed)
    assert secret == RING.unseal(sealed, context)
    assert sealed != RING.seal(secret, context)


def test_a_sealed_text_names_its_key_and_shows_nothing_of_the_secret():
    sealed = RING.seal("open sesame", CONTEXT)

    assert sealed.startswith(f"p88:1:{RING.key_ids[0]}:")
    assert key_id_of(sealed) == RING.key_ids[0]
    assert b"sesame" not in base64.urlsafe_b64decode(sealed.rpartition(":")[2])


def test_a_sealed_text_opens_neither_for_another_login_nor_when_it_was_changed():
    sealed = RING.seal("open sesame", CONTEXT)
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]

    for text, context in ((sealed, CONTEXT.replace("1", "2")), (changed, CONTEXT), (sealed[:30] + "==", CONTEXT)):
        with pytest.raises(ConfigError, match="another login"):
            RING.unseal(text, context)


@pytest.mark.parametrize("text", ["", "password", "a" * 64, "p88:1:xyz:AAAA", "p88:2:01234567:AAAA"])
def test_passwords_and_digests_are_not_taken_for_sealed(text: str):
    assert not is_sealed(text)


def test_without_the_key_the_error_names_it_and_where_it_was_looked_for(home: Path):
    sealed = RING.seal("open sesame", CONTEXT)

    with pytest.raises(KeyMissing, match=rf"{RING.key_ids[0]}.*{home}/credentials.keys"):
        open_key_ring().unseal(sealed, CONTEXT)
    assert not home.exists()


def test_the_first_key_is_made_once_and_nobody_else_can_read_it(home: Path):
    first, second = make_key_ring(), make_key_ring()

    assert first.keys == second.keys
    assert len(first.keys) == 1
    assert (home / "credentials.keys").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == ["credentials.keys"]


async def test_processes_that_make_the_first_key_at_once_agree_on_it(home: Path):
    environment = {**os.environ, "PROJECT88_HOME": str(home)}
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", MAKE_AND_SAY, env=environment, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    said = {(await each.communicate())[0] for each in started}

    assert len(said) == 1
    assert len(open_key_ring().keys) == 1


def test_a_new_key_seals_and_the_old_one_still_opens_until_it_is_forgotten(key_file: Path):
    old = open_key_ring()
    sealed = old.seal("open sesame", CONTEXT)
    new = add_key()

    assert new.key_ids[1:] == old.key_ids
    assert key_id_of(new.seal("x", CONTEXT)) == new.key_ids[0]
    assert new.unseal(sealed, CONTEXT) == "open sesame"
    assert forget_keys(old.key_ids) == []
    assert forget_keys([]) == list(old.key_ids)
    assert open_key_ring().keys == new.keys[:1]
    assert key_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_read_is_refused_with_the_command_to_run(key_file: Path, mode: int):
    key_file.chmod(mode)

    with pytest.raises(ConfigError, match=f"chmod 600 {key_file}"):
        open_key_ring()


@pytest.mark.parametrize(
    "text", ["", "# only a comment\n", "2026-01-01\n", "2026-01-01 c2hvcnQ=\n", "\xff", "hidden ?\n"]
)
def test_a_file_that_is_no_key_file_is_refused_without_quoting_it(key_file: Path, text: str):
    key_file.write_text(text, encoding="latin-1")

    with pytest.raises(ConfigError, match="key file") as refused:
        open_key_ring()
    assert "hidden" not in str(refused.value)


def test_a_named_file_counts_before_the_home_and_systemds_copy_before_both(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    at_home = make_key_ring()
    monkeypatch.setenv("PROJECT88_KEY_FILE", str(tmp_path / "named.keys"))
    named = make_key_ring()
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    without_ours = open_key_ring()
    copy = folder / "project88.keys"
    copy.write_text((home / "credentials.keys").read_text())
    copy.chmod(0o640)
    handed_over = open_key_ring()

    assert at_home.keys != named.keys
    assert without_ours.keys == named.keys
    # A key that was added after the service began opens what it sealed.
    assert handed_over.keys == [*at_home.keys, *named.keys]
    with pytest.raises(ConfigError, match="from systemd"):
        add_key()


def test_a_folder_that_cannot_hold_the_file_is_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PROJECT88_KEY_FILE", str(tmp_path / "missing" / "file.keys"))

    with pytest.raises(ConfigError, match="PROJECT88_KEY_FILE"):
        make_key_ring()


def test_no_key_is_in_the_text_of_a_ring(key_file: Path):
    ring = open_key_ring()

    assert base64.b64encode(ring.keys[0].secret).decode() in key_file.read_text()
    assert repr(ring.keys[0].secret) not in repr(ring)


def test_the_key_file_survives_a_writer_that_died(key_file: Path, monkeypatch: pytest.MonkeyPatch):
    before = open_key_ring()

    def die(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sealing.os, "fsync", die)
    with pytest.raises(KeyboardInterrupt):
        add_key()
    monkeypatch.undo()
    monkeypatch.setenv("PROJECT88_HOME", str(key_file.parent))

    assert open_key_ring().keys == before.keys
    assert add_key().key_ids[1:] == before.key_ids
