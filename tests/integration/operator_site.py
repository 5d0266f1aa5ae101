"""Two timing partners with all that an operator looks at, users of each role, and a browser that fills in forms."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from psycopg.sql import SQL

from project88.cli.pages import pages_database
from project88.records.entities import TimingPartnerId
from project88.store.connection import Database
from project88.store.partners import add_partner, set_credentials
from project88.store.users import NewUser, Role, add_user
from project88.web.app import serve

PASSWORD = "a long walk to the finish"
ADMIN, SUMMIT, RIVER, READER = "admin@example.org", "ann@example.org", "bob@example.org", "cy@example.org"
COMPANIES = ("Summit Timing", "River Timing")
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')

#: The event of the hardware comes after its twin, so that both stand and somebody has to decide.
ROWS = """
insert into ct_events (timing_partner_id, event_id, data_source, provider_event_id, event_name, start_date, time_zone)
values (%(partner)s, 'live', 'chronotrack_live', '84' || %(partner)s, %(name)s || ' Run', now() - interval '2 hours',
        'America/New_York');
insert into ct_races (timing_partner_id, event_id, data_source, race_id)
values (%(partner)s, 'live', 'chronotrack_live', '1');
insert into ct_participants (timing_partner_id, event_id, data_source, entry_id, race_id, bib_number, first_name)
select %(partner)s, 'live', 'chronotrack_live', n::text, '1', n::text, %(name)s || n from generate_series(1, 40) n;
insert into ct_results (timing_partner_id, event_id, data_source, race_id, entry_id, chip_time, result_status)
select %(partner)s, 'live', 'chronotrack_live', '1', n::text, make_interval(secs => 3000 + n), 'finished'
from generate_series(1, 40) n;
update ct_results set chip_time = '00:50:00' where timing_partner_id = %(partner)s and entry_id = '7';
insert into ct_events (timing_partner_id, event_id, data_source, event_name, start_date)
values (%(partner)s, 'hard', 'tcp_hardware', upper(%(name)s) || ' RUN', now() - interval '2 hours');
insert into held_retractions (timing_partner_id, event_id, data_source, stream, keys, rows_before)
select %(partner)s, 'live', 'chronotrack_live', 'results', array_agg('1/' || n), 40 from generate_series(1, 20) n;
insert into sync_history (timing_partner_id, provider_id, event_id, sync_type, status, reason, due_at, duration_seconds)
values (%(partner)s, 1, 'live', 'results', 'partial', %(name)s || ' reason', now(), 1.5);
insert into quarantine (timing_partner_id, provider_id, provider_event_id, stream, reason, raw_text, raw_sha256)
values (%(partner)s, 1, '84', 'results', %(name)s || ' time', 'x', 'x');
insert into schedule_plan (timing_partner_id, provider_id, kind, event_id, state, next_due, planned_due, reason)
values (%(partner)s, 1, 'results', 'live', 'waiting', now() + interval '1 hour', now() + interval '1 hour', 'hourly'),
       (%(partner)s, 1, 'participants', 'live', 'parked', now(), now(), %(name)s || ' parked'),
       (%(partner)s, 1, 'discovery', null, 'waiting', now() + interval '1 hour', now(), 'six hours');
insert into backfill_runs (timing_partner_id, provider_id, since) values (%(partner)s, 1, now());
insert into backfill_events (timing_partner_id, backfill_run_id, provider_event_id, event_name, calls_planned, state)
select timing_partner_id, backfill_run_id, '9', %(name)s || ' Old', 4, 'completed' from backfill_runs
where timing_partner_id = %(partner)s;
insert into timing.timing_sessions (timing_partner_id, session_key, session_name)
values (%(partner)s, 'key', %(name)s || ' finish');
insert into timing.timing_locations
    (timing_partner_id, timing_session_id, location, appeared_at, received, last_sequence)
select timing_partner_id, timing_session_id, 'Finish', now(), '{[1,4),[6,9)}', 8 from timing.timing_sessions
where timing_partner_id = %(partner)s;
insert into timing.timing_reads (timing_partner_id, timing_session_id, kind, location, sequence_number, numbering,
    tag_code, read_time, zone_is_assumed, day_is_assumed, reader_id, content_key, source, raw_line, received_at)
select timing_partner_id, timing_session_id, 'read', 'Finish', n, 1, n::text, now(), false, false, 'r', n, 'stream', '',
       now()
from timing.timing_sessions, generate_series(1, 8) n where timing_partner_id = %(partner)s and n not in (4, 5)
"""


@dataclass(frozen=True, slots=True)
class Browser:
    """A session with cookies of its own."""

    http: aiohttp.ClientSession

    async def read(self, address: str, status: int = 200) -> str:
        async with self.http.get(address) as answer:
            text = await answer.text()
            assert answer.status == status, (address, answer.status, text)
            return text

    async def token(self, address: str = "/operator") -> str:
        found = TOKEN.search(await self.read(address))
        assert found is not None
        return found[1]

    async def post(self, address: str, status: int = 200, **fields: str) -> str:
        """Fill in a form of ours; where it leads."""
        fields.setdefault("form_token", await self.token())
        async with self.http.post(address, data=fields) as answer:
            text = await answer.text()
            assert answer.status == status, (address, answer.status, text)
            return text

    async def log_in(self, email: str, password: str = PASSWORD, status: int = 200) -> str:
        token = await self.token("/operator/login")
        return await self.post("/operator/login", status, email=email, password=password, form_token=token)


@dataclass(frozen=True, slots=True)
class Operators:
    """A running site."""

    db: Database
    address: str

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Browser]:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(self.address, cookie_jar=jar) as http:
            yield Browser(http)

    @asynccontextmanager
    async def as_user(self, email: str) -> AsyncIterator[Browser]:
        async with self.browser() as browser:
            await browser.log_in(email)
            yield browser


@asynccontextmanager
async def serving(db: Database, *, trusted_proxies: Sequence[str] = ()) -> AsyncIterator[Operators]:
    """As ``project88 up`` serves it: the pages by a login that reads, the operator's part by the hub's own."""
    stop = asyncio.Event()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with pages_database(db) as pages, asyncio.TaskGroup() as group:
        served = serve(
            pages, port=0, stop=stop, on_listening=address.set_result, hub=db, trusted_proxies=trusted_proxies
        )
        group.create_task(served)
        try:
            yield Operators(db, (await address).removesuffix("/"))
        finally:
            stop.set()


async def fill(db: Database) -> None:
    """The first partner is Summit, the second is River."""
    for name in COMPANIES:
        partner = await add_partner(db, name, "America/New_York")
        config = {"base_url": "http://127.0.0.1:9", "client_id": "c"}
        await set_credentials(db, partner, "chronotrack_live", "me@example.org", "secret-of-a-login", config)
        async with db.connection() as connection:
            for statement in ROWS.split(";\n"):
                await connection.execute(SQL(statement), {"partner": partner, "name": name.split()[0]})


def quickly_hashed(password: str) -> str:
    """As the hub keeps it, for a thousandth of the work: a hash says itself what it cost."""
    cost, block, parallel, salt = 4, 8, 1, b"salt of a sample"
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**cost, r=block, p=parallel, dklen=32)
    return f"scrypt${cost}${block}${parallel}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


async def add_users(db: Database) -> None:
    """They share a password, whose hash is made once."""
    password_hash = quickly_hashed(PASSWORD)
    people: tuple[tuple[str, Role, int | None], ...] = (
        (ADMIN, "admin", None),
        (SUMMIT, "partner_staff", 1),
        (RIVER, "partner_staff", 2),
        (READER, "read_only", 1),
    )
    for email, role, partner in people:
        of_partner = None if partner is None else TimingPartnerId(partner)
        await add_user(
            db,
            NewUser(email=email, name=email.partition("@")[0].title(), role=role, timing_partner_id=of_partner),
            password_hash,
        )
