"""The results pages over a real database and a real socket: what they show, refuse and tell by themselves."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from psycopg.sql import SQL

from project88.errors import ConfigError
from project88.store.connection import Database
from project88.store.results_page import EventKey
from project88.web.app import serve
from project88.web.guard import HEADERS
from project88.web.kept import KEPT_SECONDS
from project88.web.pictures import Pictures
from project88.web.streams import EventStream
from project88.web.updates import Updates

EVENT = "/events/1/p1"
WAIT_SECONDS = 20

SMALL_EVENT = SQL("""
insert into timing_partners (timing_partner_id, company_name, time_zone)
values (1, 'Example Timing', 'America/New_York');
insert into ct_events (timing_partner_id, event_id, event_name, start_date) values
    (1, 'p1', 'Harbor Run', now() - interval '1 hour'),
    (1, 'p2', 'Old Mill 5K', '2020-05-02 03:30:00Z');
insert into ct_races (timing_partner_id, event_id, race_id, race_name) values
    (1, 'p1', '10', 'Half'), (1, 'p1', '20', 'Relay & Fun'), (1, 'p2', '10', 'Open');
insert into ct_participants (timing_partner_id, event_id, entry_id, race_id, bib_number, first_name, last_name, gender)
select 1, 'p1', 'e' || n, case when n > 70 then '20' else '10' end, n::text, 'First' || n, 'Last' || n,
       case when n % 3 = 0 then 'F' else 'M' end
from generate_series(1, 80) n;
insert into ct_results (timing_partner_id, event_id, race_id, entry_id, chip_time, gun_time, overall_place,
                        result_status, split_times, begin_time, finish_time)
select 1, 'p1', case when n > 70 then '20' else '10' end, 'e' || n,
       case when n <> 60 then make_interval(secs => 4000 + n) end,
       case when n <> 60 then make_interval(secs => 4007 + n) end,
       case when n <> 60 then n end, case when n = 60 then 'started' else 'finished' end,
       jsonb_build_array(jsonb_build_object('name', '5K', 'elapsed_ms', 1200000, 'cumulative_ms', 1200000 + n * 1000)),
       now() - interval '1 hour', case when n <> 60 then now() - interval '5 minutes' + n * interval '1 second' end
from generate_series(1, 78) n where n <> 70;
""")


async def fill(db: Database, statement: str) -> None:
    async with db.connection() as connection:
        await connection.execute(statement.encode())


@asynccontextmanager
async def serving(db: Database) -> AsyncIterator[str]:
    """The address of a running site."""
    stop = asyncio.Event()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(db, port=0, stop=stop, source_note="A rehearsal", on_listening=address.set_result))
        try:
            yield (await address).removesuffix("/")
        finally:
            stop.set()


@pytest.fixture
async def site(db: Database) -> AsyncIterator[aiohttp.ClientSession]:
    async with db.connection() as connection:
        await connection.execute(SMALL_EVENT)
    async with serving(db) as address, aiohttp.ClientSession(address) as session:
        yield session


async def read(site: aiohttp.ClientSession, path: str, status: int = 200) -> str:
    async with site.get(path) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return text


async def test_the_events_page_lists_events_with_the_live_one_on_top(site: aiohttp.ClientSession) -> None:
    page = await read(site, "/")
    assert page.index("Live now") < page.index("Harbor Run") < page.index("Old Mill 5K")
    assert page.count("Live now") == 1
    assert "A rehearsal" in page
    assert "<dt>Finished</dt><dd>76</dd>" in page


async def test_dates_are_those_of_the_events_zone(site: aiohttp.ClientSession) -> None:
    assert "Fri, 1 May 2020" in await read(site, "/")


async def test_an_empty_database_says_so(db: Database) -> None:
    async with serving(db) as address, aiohttp.ClientSession(address) as session:
        assert "No events yet" in await read(session, "/")


async def test_the_results_page_counts_and_ranks_the_largest_race(site: aiohttp.ClientSession) -> None:
    page = await read(site, EVENT)
    for label, count in [("Entries", "70"), ("Started", "69"), ("On course", "1"), ("DNF", "0")]:
        assert f"<dt>{label}</dt><dd>{count}</dd>" in page
    assert page.index("First1 Last1") < page.index("First2 Last2")
    assert "1:06:41" in page and "1:06:48" in page and "0:20:01" in page
    assert '<span class="split-name">5K</span>' in page and '<span class="split-count">69</span>' in page
    assert "Just finished" in page and "Finishers over time" in page
    assert "1 to 50 of 69" in page


async def test_the_second_page_goes_on_and_ends_with_who_is_on_course(site: aiohttp.ClientSession) -> None:
    page = await read(site, f"{EVENT}/live?page=2")
    board = page[: page.index("Just finished")]
    assert "First50 Last50" not in board and "51 to 69 of 69" in board
    assert board.index("First51 Last51") < board.index("First69 Last69") < board.index("First60 Last60")
    assert "badge-started" in board


async def test_a_race_and_a_gender_can_be_chosen(site: aiohttp.ClientSession) -> None:
    relay = await read(site, f"{EVENT}/live?race=20")
    assert "First71 Last71" in relay and "First1 Last1" not in relay and "Relay &amp; Fun" in relay
    women = await read(site, f"{EVENT}/live?race=10&gender=F")
    board = women[: women.index("Just finished")]
    assert "First3 Last3" in board and "First1 Last1" not in board


@pytest.mark.parametrize("words", ["77", "first77", "LAST77", "First77 Last77", " last77 "])
async def test_a_bib_or_a_name_is_found_in_any_race(site: aiohttp.ClientSession, words: str) -> None:
    async with site.get(f"{EVENT}/live", params={"q": words}) as answer:
        page = await answer.text()
    board = page[: page.index("Just finished")]
    assert "First77 Last77" in board and "First76 Last76" not in board


@pytest.mark.parametrize("words", ["%", "_", "nobody'; --"])
async def test_words_are_taken_literally(site: aiohttp.ClientSession, words: str) -> None:
    async with site.get(EVENT, params={"q": words}) as answer:
        assert "No result has this bib or name" in await answer.text()


async def test_names_cannot_bring_markup(site: aiohttp.ClientSession, db: Database) -> None:
    await fill(db, "update ct_participants set first_name = '<script>alert(1)</script>' where entry_id = 'e1'")
    page = await read(site, EVENT)
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page
    searched = await read(site, EVENT + "?q=%22%3E%3Cscript%3E")
    assert '"><script>' not in searched


async def test_a_withdrawn_result_is_not_shown(site: aiohttp.ClientSession, db: Database) -> None:
    await fill(db, "update ct_results set retracted_at = now(), updated_at = now() where entry_id = 'e1'")
    assert "First1 Last1" not in await read(site, EVENT)


async def next_event(answer: aiohttp.ClientResponse) -> str:
    """The version the stream tells next."""
    async with asyncio.timeout(WAIT_SECONDS):
        async for line in answer.content:
            if line.startswith(b"data: "):
                return line.decode().removeprefix("data: ").strip()
    raise AssertionError("the stream ended")


async def told_of_all(answer: aiohttp.ClientResponse) -> str:
    """The version whose figures are there, too."""
    while (told := await next_event(answer)).endswith("-behind"):
        continue
    return told


def version_of(page: str) -> str:
    return page.partition('data-version="')[2].partition('"')[0]


@pytest.mark.parametrize("path", [EVENT, ""])
async def test_an_open_page_is_told_of_a_change(site: aiohttp.ClientSession, db: Database, path: str) -> None:
    before = version_of(await read(site, path or "/"))
    async with site.get(f"{path}/stream", params={"since": before}) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        await stream.content.readuntil(b": listening\n")
        await fill(
            db, "update ct_results set result_status = 'dq', updated_at = clock_timestamp() where entry_id = 'e2'"
        )
        told = await told_of_all(stream)
    page = await read(site, f"{path}/live")
    assert told == version_of(page) != before
    if path:
        assert "<dt>DQ</dt><dd>1</dd>" in page


async def test_an_open_page_is_told_of_new_rows_before_the_figures_beside_them(
    site: aiohttp.ClientSession, db: Database
) -> None:
    before = version_of(await read(site, EVENT))
    async with site.get(f"{EVENT}/stream", params={"since": before}) as stream:
        await stream.content.readuntil(b": listening\n")
        await fill(db, "update ct_results set overall_place = 99, updated_at = clock_timestamp() where entry_id = 'e2'")
        assert (first := await next_event(stream)).endswith("-behind")
        assert '<td class="num place">99</td>' in await read(site, f"{EVENT}/live?page=2&version={first}")
        assert first == await next_event(stream) + "-behind"


async def test_a_page_that_missed_a_change_is_told_at_once(site: aiohttp.ClientSession) -> None:
    async with site.get(f"{EVENT}/stream", headers={"Last-Event-ID": "an older one"}) as stream:
        assert await told_of_all(stream) == version_of(await read(site, EVENT))


async def test_a_stream_that_its_reader_left_is_forgotten(db: Database) -> None:
    updates = Updates(db, Pictures(db))
    gone = asyncio.Event()

    async def receive() -> dict[str, object]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(_message: object) -> None:
        gone.set()

    async with asyncio.timeout(WAIT_SECONDS):
        await EventStream(updates, EventKey(1, "p1"), "")({}, receive, send)
    assert not updates.hears(EventKey(1, "p1"))


async def test_open_streams_end_when_serving_ends(db: Database) -> None:
    async with aiohttp.ClientSession() as session:
        async with serving(db) as address:
            stream = await session.get(f"{address}/stream")
            await stream.content.readuntil(b": listening\n")
        async with asyncio.timeout(WAIT_SECONDS):
            await stream.content.read()
        assert stream.content.at_eof()


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/events/1/p9", "/events/2/p1", "/events/99999999999999/p1", "/events/1/a%00b", f"{EVENT}?race=99"],
)
async def test_what_does_not_exist_is_a_clear_404(site: aiohttp.ClientSession, path: str) -> None:
    page = await read(site, path, status=404)
    assert "Not found" in page and "All events" in page


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "page=-1", "page=9999999", "gender=Z", "q=a%00b", "q=" + 101 * "a"]
)
async def test_an_address_that_cannot_be_read_is_a_clear_400(site: aiohttp.ClientSession, query: str) -> None:
    assert "This address cannot be read" in await read(site, f"{EVENT}?{query}", status=400)


@pytest.mark.parametrize("path", ["/", EVENT, "/static/page.css", "/nothing"])
@pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE", "OPTIONS"])
async def test_nothing_but_get_is_answered(site: aiohttp.ClientSession, method: str, path: str) -> None:
    async with site.request(method, path) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize("path", ["/", EVENT, "/static/page.js", "/nothing"])
async def test_every_answer_forbids_foreign_content(site: aiohttp.ClientSession, path: str) -> None:
    async with site.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        text = await answer.text()
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "https://" not in text and " style=" not in text and "<script>" not in text


async def test_an_answer_that_is_kept_and_one_that_is_known_forbid_foreign_content_too(
    site: aiohttp.ClientSession,
) -> None:
    async with site.get(EVENT) as made, site.get(EVENT) as kept:
        assert await made.text() == await kept.text()
    async with site.get(EVENT, headers={"If-None-Match": kept.headers["ETag"]}) as known:
        assert (known.status, await known.read()) == (304, b"")
    for name, value in HEADERS.items():
        assert made.headers[name] == kept.headers[name] == known.headers[name] == value


async def test_a_withdrawn_event_is_not_shown_from_what_is_kept(site: aiohttp.ClientSession, db: Database) -> None:
    await read(site, EVENT)
    await fill(db, "update ct_events set retracted_at = now() where event_id = 'p1'")
    await asyncio.sleep(KEPT_SECONDS + 0.1)
    await read(site, EVENT, status=404)


async def test_a_taken_port_is_a_configuration_error_that_names_the_option(db: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match="--port"):
            await serve(db, port=port, stop=asyncio.Event())
