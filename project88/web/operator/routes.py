"""The table of addresses below /operator. Decides nothing."""

from __future__ import annotations

from starlette.routing import Route

from project88.web.operator import (
    backfill,
    displays,
    duplicates,
    events,
    hardware,
    overview,
    people,
    record,
    retractions,
    timing,
)
from project88.web.operator.gate import PATH
from project88.web.operator.site import Site

EVENT = f"{PATH}/events/{{partner:int}}/{{event_id}}"
PAIR = f"{PATH}/duplicates/{{partner:int}}/{{event_source_id:int}}"
RETRACTION = f"{PATH}/retractions/{{partner:int}}/{{held_retraction_id:int}}"
SESSION = f"{PATH}/timing/{{partner:int}}/{{timing_session_id:int}}"
POLL = f"{PATH}/polls/{{partner:int}}/{{schedule_plan_id:int}}"


def routes_of(site: Site) -> list[Route]:
    shown = {
        PATH: overview.overview,
        f"{PATH}/events": events.listed,
        hardware.PLACE: hardware.shown,
        EVENT: events.timeline,
        f"{EVENT}/changes": events.history,
        f"{EVENT}/reconcile": events.reconciliation,
        f"{EVENT}/display": displays.builder,
        f"{PATH}/polls": events.polls,
        f"{PATH}/duplicates": duplicates.listed,
        PAIR: duplicates.shown,
        f"{PATH}/retractions": retractions.listed,
        f"{PATH}/timing": timing.listed,
        SESSION: timing.shown,
        displays.PLACE: displays.listed,
        backfill.PLACE: backfill.shown,
        people.PLACE: people.listed,
        f"{PATH}/record": record.shown,
    }
    # The first that fits is taken.
    done = {
        hardware.PLACE: hardware.make,
        f"{EVENT}/display": displays.make,
        f"{displays.PLACE}/{{partner:int}}/{{display_id:int}}/revoke": displays.revoke,
        f"{EVENT}/{{word}}": events.act_on_event,
        f"{POLL}/{{word}}": events.act_on_poll,
        f"{PAIR}/{{word}}": duplicates.decide,
        f"{RETRACTION}/{{word}}": retractions.decide,
        f"{SESSION}/{{word}}": timing.act,
        backfill.PLACE: backfill.act,
        people.PLACE: people.add,
        f"{people.PLACE}/{{user_id:int}}/deactivate": people.deactivate,
    }
    return [
        *site.door(),
        *(site.page(address, show) for address, show in shown.items()),
        *(site.action(address, act) for address, act in done.items()),
    ]
