"""What each endpoint answers. Holds no SQL; knows no header."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from project88.monitor.findings import Health
from project88.providers.registry import REGISTRY
from project88.store import api_reading, feed
from project88.store.api_reading import Row
from project88.store.results_page import Change
from project88.web.api import answers
from project88.web.api.calls import Call, Found
from project88.web.api.parameters import (
    LARGEST_ID,
    FollowChanges,
    FollowEvent,
    ListEvents,
    ListParticipants,
    ListResults,
    Nothing,
    OneEvent,
    OneResult,
    pack,
    unpack,
)
from project88.web.api.problems import Refused

#: Stands for no start where the list is in order of it.
BEFORE_ALL = "-infinity"


class AfterEvent(msgspec.Struct, frozen=True, array_like=True):
    """The last event of a page."""

    start: Annotated[datetime, Meta(tz=True)] | None
    timing_partner_id: Annotated[int, Meta(ge=1, le=LARGEST_ID)]
    event_id: str


class AfterResult(msgspec.Struct, frozen=True, array_like=True):
    """The last result of a page."""

    race_id: str
    place: Annotated[int, Meta(ge=0, le=LARGEST_ID)]
    participant_id: str


class AfterParticipant(msgspec.Struct, frozen=True, array_like=True):
    """The last participant of a page."""

    participant_id: str
    race_id: str


async def events(call: Call, asked: ListEvents) -> Found:
    after = unpack(asked.cursor, AfterEvent) if asked.cursor else None
    parameters = {
        "words": asked.q,
        "timing_partner_id": asked.timing_partner_id,
        "from_date": asked.from_date,
        "to_date": asked.to_date,
        "after_event": after.event_id if after else None,
        "after_start": (after.start or BEFORE_ALL) if after else None,
        "after_partner": after.timing_partner_id if after else None,
        "limit": asked.limit + 1,
    }
    rows = await api_reading.events(call.listed, parameters)
    page, cursor = _page(rows, asked.limit, _after_event)
    changed_at = max((row["changed_at"] for row in page), default=None)
    answer = answers.EventPage(data=[answers.event(row) for row in page], next_cursor=cursor, changed_at=changed_at)
    return Found(answer=answer, changed_at=changed_at)


async def event(call: Call, asked: OneEvent) -> Found:
    row = await call.event(asked)
    return Found(answer=answers.event(row), **_version(row))


async def races(call: Call, asked: OneEvent) -> Found:
    row = await call.event(asked)
    found = await api_reading.races(call.of(asked), asked.timing_partner_id, asked.event_id)
    change = Change.of(row)
    answer = answers.RacePage(data=[answers.race(each) for each in found], changed_at=change.updated_at)
    return Found(answer=answer, changed_at=change.updated_at)


async def results(call: Call, asked: ListResults) -> Found:
    row = await call.event(asked)
    version = _version(row)
    after = unpack(asked.cursor, AfterResult) if asked.cursor else None
    if version["version"] in call.known:
        return Found(answer=Nothing(), **version)
    parameters = {
        **{name: getattr(asked, name) for name in ("race_id", "gender", "division", "bib", "as_of")},
        "participant_id": None,
        **_after(after),
        "limit": asked.limit + 1,
    }
    read = api_reading.results_as_of if asked.as_of else api_reading.results
    rows = await read(call.of(asked), asked.timing_partner_id, asked.event_id, parameters)
    page, cursor = _page(rows, asked.limit, _after_result)
    answer = answers.ResultPage(
        data=[answers.result(each) for each in page],
        next_cursor=cursor,
        changed_at=version["changed_at"],
        is_settled=(rows[0] if asked.as_of and rows else row)["is_settled"],
        source=row["source_provider"],
        as_of=asked.as_of,
    )
    return Found(answer=answer, **version)


async def result(call: Call, asked: OneResult) -> Found:
    event_row = await call.event(asked)
    row = await (_result_then(call, asked) if asked.as_of else _result_now(call, asked))
    if row is None:
        raise Refused("not-found", "This event has no such result.")
    return Found(answer=answers.result_with_splits(row), **_version(event_row))


async def participants(call: Call, asked: ListParticipants) -> Found:
    row = await call.event(asked)
    after = unpack(asked.cursor, AfterParticipant) if asked.cursor else None
    parameters = {
        "race_id": asked.race_id,
        "bib": asked.bib,
        "after_participant": after.participant_id if after else None,
        "after_race": after.race_id if after else None,
        "limit": asked.limit + 1,
    }
    rows = await api_reading.participants(call.of(asked), asked.timing_partner_id, asked.event_id, parameters)
    page, cursor = _page(rows, asked.limit, _after_participant)
    version = _version(row)
    people = [answers.participant(each) for each in page]
    answer = answers.ParticipantPage(data=people, next_cursor=cursor, changed_at=version["changed_at"])
    return Found(answer=answer, **version)


async def changes(call: Call, asked: FollowChanges) -> Found:
    """Of every event of the token's partner."""
    return await _changes(call, asked, call.own.timing_partner_id, None)


async def event_changes(call: Call, asked: FollowEvent) -> Found:
    """Also of an event that is gone, whose deletion is the last entry."""
    if call.token is not None and call.token.timing_partner_id != asked.timing_partner_id:
        raise Refused("not-found", "No event stands at this address.")
    return await _changes(call, asked, asked.timing_partner_id, asked.event_id)


async def providers(call: Call, _asked: Nothing) -> Found:
    known = await api_reading.connections(call.hub, call.own.timing_partner_id)
    data = []
    for key, source in REGISTRY.items():
        accounts, last_success_at = known.get(key, (0, None))
        data.append(
            answers.Provider(
                key=key,
                name=source.name,
                kinds=list(source.kinds),
                capabilities=list(source.capabilities),
                status=source.status,
                tried_with=source.tried_with,
                accounts=accounts,
                last_success_at=last_success_at,
            )
        )
    changed_at = max((each.last_success_at for each in data if each.last_success_at), default=None)
    return Found(answer=answers.ProviderPage(data=data, changed_at=changed_at), changed_at=changed_at)


async def monitor(call: Call, _asked: Nothing) -> Found:
    """States only: causes and remedies name other partners and places of the machine."""
    status = await call.monitoring.status(call.hub)
    worst: dict[str, Health] = {}
    for finding in status.checks:
        worst[finding.check] = max(worst.get(finding.check, Health.healthy), finding.health)
    checks = [msgspec.convert({"check": name, "state": state.name}, answers.Check) for name, state in worst.items()]
    return Found(answer=msgspec.convert({"status": status.status, "checks": checks}, answers.Monitor))


async def _changes(call: Call, asked: FollowChanges, partner: int, event_id: str | None) -> Found:
    db = call.pages.of_partners([partner])
    if asked.cursor:
        after = unpack(asked.cursor, feed.Position)
    else:
        after = await (feed.now(db) if asked.start else feed.beginning(db))
    try:
        page = await feed.page(db, partner, event_id, after, asked.limit)
    except feed.PositionLost as error:
        raise Refused("cursor-lost", str(error), parameter="cursor") from None
    data = [change(partner, entry) for entry in page.entries]
    answer = answers.Changes(data=data, cursor=pack(page.position), has_more=page.has_more)
    return Found(answer=answer)


def change(timing_partner_id: int, entry: feed.Entry) -> answers.Change:
    """An entry of the feed as callers and webhooks get it."""
    row = entry.row
    return answers.Change(
        type="event" if entry.is_event else "result",
        deleted=row is None,
        timing_partner_id=timing_partner_id,
        event_id=entry.event_id,
        race_id=entry.race_id or None,
        participant_id=entry.participant_id or None,
        changed_at=entry.changed_at,
        event=answers.event(row) if row and entry.is_event else None,
        result=answers.result(row) if row and not entry.is_event else None,
    )


async def _result_now(call: Call, asked: OneResult) -> Row | None:
    return await api_reading.result(
        call.of(asked), asked.timing_partner_id, asked.event_id, asked.race_id, asked.participant_id
    )


async def _result_then(call: Call, asked: OneResult) -> Row | None:
    parameters = {
        **{name: getattr(asked, name) for name in ("race_id", "participant_id", "as_of")},
        **dict.fromkeys(("gender", "division", "bib")),
        **_after(None),
        "limit": 1,
    }
    rows = await api_reading.results_as_of(call.of(asked), asked.timing_partner_id, asked.event_id, parameters)
    return rows[0] if rows else None


def _version(event_row: Row) -> dict[str, Any]:
    change = Change.of(event_row)
    return {"version": change.version, "changed_at": change.updated_at}


def _page(rows: Sequence[Row], limit: int, after: Any) -> tuple[Sequence[Row], str | None]:  # noqa: ANN401
    """The rows of a page and the cursor behind its last one, where there is more."""
    page = rows[:limit]
    return page, pack(after(page[-1])) if len(rows) > limit else None


def _after_event(last: Row) -> AfterEvent:
    start = last["start_date"]
    return AfterEvent(start.astimezone(UTC) if start else None, last["timing_partner_id"], last["event_id"])


def _after_result(last: Row) -> AfterResult:
    place = LARGEST_ID if last["overall_place"] is None else last["overall_place"]
    return AfterResult(last["race_id"], place, last["participant_id"])


def _after_participant(last: Row) -> AfterParticipant:
    return AfterParticipant(last["participant_id"], last["race_id"] or "")


def _after(after: AfterResult | None) -> dict[str, Any]:
    return {
        "after_race": after.race_id if after else None,
        "after_place": after.place if after else None,
        "after_participant": after.participant_id if after else None,
    }
