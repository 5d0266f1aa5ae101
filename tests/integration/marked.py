"""Two timing partners whose rows carry a word of their own in every text that the hub only shows. Not a test."""

from __future__ import annotations

from datetime import timedelta

from psycopg.sql import SQL, Identifier

from project88.store import api_tokens, displays
from project88.store.api_tokens import SCOPES
from project88.store.connection import Connection, Database
from project88.store.results_page import EventKey
from tests.integration.operator_site import add_users, fill

#: A partner's words by its number: the one in the marked texts, and the one that names it.
MARKERS = {1: ("zqbrook", "Summit"), 2: ("zqdelta", "River")}

#: Texts by which the hub finds rows or decides; to change them would make rows of nothing.
READ_BY_THE_HUB = {
    "race_id", "event_id", "provider_event_id", "account_name", "bib_number", "entry_bib", "stream", "principal",
    "secret", "credential_type", "last_status", "result_status", "source_race_id", "source_entry_id",
    "successor_entry_id", "race_pref_distance_unit", "upstream_state", "own_status", "listed_as", "refreshed_to",
    "point", "worker", "removed_reason", "gender", "entry_status", "entry_type",
}  # fmt: skip

#: Free texts and raw rows of tables with a partner: under no key, no foreign key and no list of allowed words.
SHOWN_TEXTS = """
    select c.oid::regclass::text as relation, a.attname as column, format_type(a.atttypid, null) as type
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind = 'r' and a.attgenerated = '' and a.atttypid in ('text'::regtype, 'json'::regtype)
      and exists (select from pg_attribute p where p.attrelid = c.oid and p.attname = 'timing_partner_id')
      and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u', 'f', 'c')
                      and a.attnum = any (k.conkey))
      and not exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and a.attnum = any (i.indkey))
    order by 1, 2
"""

#: An event that only this partner has, with a result and a read, and what belongs to the partner alone.
OWN_EVENT = """
insert into ct_events (timing_partner_id, event_id, data_source, provider_event_id, event_name, start_date)
values (%(partner)s, %(event)s, 'chronotrack_live', '99' || %(partner)s, %(name)s || ' Own', now() - interval '1 hour');
insert into ct_races (timing_partner_id, event_id, data_source, race_id, race_name)
values (%(partner)s, %(event)s, 'chronotrack_live', '1', %(name)s || ' Mile');
insert into ct_participants (timing_partner_id, event_id, data_source, entry_id, race_id, bib_number, first_name, email)
values (%(partner)s, %(event)s, 'chronotrack_live', '7', '1', '7', %(name)s, %(name)s || '@example.org');
insert into ct_results (timing_partner_id, event_id, data_source, race_id, entry_id, chip_time, result_status,
                        overall_place, finish_time)
values (%(partner)s, %(event)s, 'chronotrack_live', '1', '7', '00:50:00', 'finished', 1, now());
insert into timing.read_statuses (timing_partner_id, timing_read_id, event_id, status, point)
select timing_partner_id, min(timing_read_id), %(event)s, 'used', 'Finish' from timing.timing_reads
where timing_partner_id = %(partner)s group by 1;
insert into webhooks (timing_partner_id, url, secret, position)
values (%(partner)s, 'https://127.0.0.1/' || %(name)s, %(name)s, '');
insert into withheld_names (timing_partner_id, event_id, bib_number, decided_by)
values (%(partner)s, 'live', '3', %(name)s)
"""


def own_event(partner: int) -> str:
    return f"own{partner}"


async def two_marked_partners(db: Database) -> dict[int, tuple[str, str]]:
    """A token of each partner, and the secret of a display."""
    await fill(db)
    await add_users(db)
    made = {}
    for partner, (_, name) in MARKERS.items():
        async with db.connection() as connection:
            for statement in OWN_EVENT.split(";\n"):
                values = {"partner": partner, "event": own_event(partner), "name": name}
                await connection.execute(SQL(statement), values)
        token = (await api_tokens.add(db, partner, name, SCOPES, None)).token
        wanted = displays.Wanted(
            key=EventKey(partner, own_event(partner)),
            kind="wall",
            timing_session_id=None,
            race_id=None,
            created_by=name,
            lifetime=timedelta(hours=1),
        )
        made[partner] = (token, (await displays.create(db, wanted))[0])
    async with db.transaction() as connection:
        await mark(connection)
    return made


async def mark(connection: Connection) -> None:
    """Put the partner's word behind every text that is only shown."""
    for relation, column, kind in await (await connection.execute(SHOWN_TEXTS.encode())).fetchall():
        if column in READ_BY_THE_HUB:
            continue
        behind = SQL("coalesce({}, '') || ' ' || %(word)s")
        if kind == "json":
            behind = SQL("(coalesce({}::jsonb, '{{}}') || jsonb_build_object('word', %(word)s::text))::json")
        table, name = Identifier(*relation.split(".")), Identifier(column)
        update = SQL("update {} set {} = {} where timing_partner_id = %(partner)s")
        for partner, (word, _) in MARKERS.items():
            values = {"word": word, "partner": partner}
            await connection.execute(update.format(table, name, behind.format(name)), values)


def foreign_words(text: str, own: int) -> list[str]:
    """The other partner's words in a text, in whichever case."""
    return [word for word in MARKERS[3 - own] if word.lower() in text.lower()]
