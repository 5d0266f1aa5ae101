"""The spool's journal: what it confirmed is there after every end, and what is damaged is told and kept."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project88.edges import journal as journals
from project88.edges.journal import Journal, Position, opened_journal
from project88.errors import ConfigError


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Journal]:
    with opened_journal(folder) as journal:
        stop = asyncio.Event()
        writing = asyncio.create_task(journal.write_until(stop))
        try:
            yield journal
        finally:
            stop.set()
            await writing


def everything(journal: Journal, position: Position | None = None, most_bytes: int = 1 << 20) -> list[bytes]:
    found: list[bytes] = []
    at = position or journal.begin()
    while (piece := journal.read(at, most_bytes)).end != at:
        found += piece.lines
        at = piece.end
    return found


async def test_what_was_appended_is_read_in_order_and_again_after_a_restart(tmp_path: Path):
    lines = [b"line %d" % number for number in range(1000)]
    async with running(tmp_path / "spool") as journal:
        for begin in range(0, 1000, 100):
            await journal.append(lines[begin : begin + 100])
        first_id = journal.journal_id
        assert everything(journal) == lines
    async with running(tmp_path / "spool") as journal:
        assert (journal.journal_id, everything(journal)) == (first_id, lines)


async def test_many_who_append_at_once_share_the_disk_and_lose_nothing(tmp_path: Path):
    async with running(tmp_path) as journal:
        await asyncio.gather(*(journal.append([b"%d" % number]) for number in range(300)))

        assert sorted(everything(journal), key=int) == [b"%d" % number for number in range(300)]


async def test_a_line_that_a_crash_cut_is_dropped_and_the_journal_goes_on_behind_the_last_whole_one(tmp_path: Path):
    async with running(tmp_path) as journal:
        await journal.append([b"one", b"two"])
    path = next(tmp_path.glob("*.log"))
    path.write_bytes(path.read_bytes() + b"deadbeef thr")
    async with running(tmp_path) as journal:
        assert everything(journal) == [b"one", b"two"]
        await journal.append([b"three"])
        assert everything(journal) == [b"one", b"two", b"three"]


async def test_a_damaged_line_is_left_out_told_and_kept_beside(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    async with running(tmp_path) as journal:
        await journal.append([b"one", b"two", b"three"])
    path = next(tmp_path.glob("*.log"))
    path.write_bytes(path.read_bytes().replace(b"two", b"tw0"))
    async with running(tmp_path) as journal:
        assert everything(journal) == [b"one", b"three"]

    assert "a line of the spool is damaged" in caplog.text
    assert b"tw0" in (tmp_path / journals.DAMAGED_NAME).read_bytes()


async def test_segments_follow_each_other_and_go_once_they_are_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(journals, "SEGMENT_BYTES", 100)
    lines = [b"%03d" % number for number in range(50)]
    async with running(tmp_path) as journal:
        for line in lines:
            await journal.append([line])
        whole = journal.depth_bytes(journal.begin())
        assert everything(journal) == lines
        assert len(list(tmp_path.glob("*.log"))) > 5

        journal.release(journal.confirmed)
        assert len(list(tmp_path.glob("*.log"))) == 1
        assert journal.depth_bytes(journal.confirmed) == 0 < whole
    async with running(tmp_path) as journal:
        await journal.append([b"more"])
        assert everything(journal)[-1] == b"more"


async def test_a_second_listener_is_refused_the_folder(tmp_path: Path):
    async with running(tmp_path):
        with pytest.raises(ConfigError, match="another listener"), opened_journal(tmp_path):
            pass


async def test_a_folder_that_cannot_be_made_is_a_setting_to_change(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="--spool"), opened_journal(tmp_path / "file" / "spool"):
        pass


async def test_nothing_is_confirmed_while_the_disk_is_full_and_all_of_it_once_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(journals, "RETRY_SECONDS", 0.02)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with running(tmp_path) as journal:
        await journal.append([b"before"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (60, hard))
        try:
            appending = asyncio.create_task(journal.append([b"x" * 100]))
            while journal.problem is None:  # noqa: ASYNC110 - the attempt sets no event
                await asyncio.sleep(0.01)
            assert not appending.done()
            assert everything(journal) == [b"before"]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        await appending
        assert everything(journal) == [b"before", b"x" * 100]
        assert journal.problem is None


@given(
    lines=st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line and b"\r" not in line), max_size=30),
    cut=st.integers(0, 200),
)
def test_wherever_a_crash_cuts_the_file_what_is_read_is_a_beginning(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], cut: int
):
    folder = tmp_path_factory.mktemp("spool")

    async def crash_and_look() -> list[bytes]:
        async with running(folder) as journal:
            if lines:
                await journal.append(lines)
        path = next(folder.glob("*.log"))
        path.write_bytes(path.read_bytes()[: max(0, path.stat().st_size - cut)])
        async with running(folder) as journal:
            return everything(journal, most_bytes=64)

    found = asyncio.run(crash_and_look())
    assert found == lines[: len(found)]
    assert cut or found == lines
