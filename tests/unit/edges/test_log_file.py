"""Log lines that go into a file beside standard error."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from project88.edges.logs import also_logged, set_up_logging

log = logging.getLogger("project88.tried")


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    set_up_logging("WARNING")
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


def test_lines_from_info_on_go_into_the_file_and_standard_error_stays_as_it_was(tmp_path: Path, capsys):
    set_up_logging("WARNING")
    with also_logged(tmp_path / "log") as warning:
        log.info("one")
        log.warning("two")
    log.info("three")

    written = (tmp_path / "log").read_text()
    assert warning is None
    assert [line.split()[-1] for line in written.splitlines()] == ["one", "two"]
    assert " INFO project88.tried one" in written
    assert [line.split()[-1] for line in capsys.readouterr().err.splitlines()] == ["two"]
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_the_file_grows_from_run_to_run(tmp_path: Path):
    for _ in range(2):
        with also_logged(tmp_path / "log"):
            log.info("again")

    assert (tmp_path / "log").read_text().count("again") == 2


def test_no_link_is_followed_and_the_block_goes_on(tmp_path: Path):
    (tmp_path / "victim").write_text("mine\n")
    (tmp_path / "log").symlink_to(tmp_path / "victim")

    with also_logged(tmp_path / "log") as warning:
        log.warning("not there")

    assert "name another by --log" in (warning or "")
    assert (tmp_path / "victim").read_text() == "mine\n"
