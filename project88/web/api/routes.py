"""The table of endpoints: address, parameters, answer, who may call. Answers nothing itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from project88.store.api_tokens import Scope
from project88.web.api import answers, endpoints, parameters
from project88.web.api.calls import Call, Found

PREFIX = "/api"
VERSION = PREFIX + "/v1"
EVENT = "/events/{timing_partner_id}/{event_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """``scope`` is what a token must allow; an endpoint that is ``for_everybody`` can be called without one too."""

    path: str
    name: str
    summary: str
    asked: type[msgspec.Struct]
    answer: type[msgspec.Struct]
    handler: Callable[[Call, Any], Awaitable[Found]]
    scope: Scope = "results"
    for_everybody: bool = True


ENDPOINTS = (
    Endpoint(
        path="/events",
        name="listEvents",
        summary="Events, newest first; with a token those of its partner only.",
        asked=parameters.ListEvents,
        answer=answers.EventPage,
        handler=endpoints.events,
    ),
    Endpoint(
        path=EVENT,
        name="getEvent",
        summary="One event.",
        asked=parameters.OneEvent,
        answer=answers.Event,
        handler=endpoints.event,
    ),
    Endpoint(
        path=EVENT + "/races",
        name="listRaces",
        summary="The races of an event.",
        asked=parameters.OneEvent,
        answer=answers.RacePage,
        handler=endpoints.races,
    ),
    Endpoint(
        path=EVENT + "/results",
        name="listResults",
        summary="The leaderboard of an event, now or as of an instant.",
        asked=parameters.ListResults,
        answer=answers.ResultPage,
        handler=endpoints.results,
    ),
    Endpoint(
        path=EVENT + "/results/{race_id}/{participant_id}",
        name="getResult",
        summary="One runner with splits.",
        asked=parameters.OneResult,
        answer=answers.ResultWithSplits,
        handler=endpoints.result,
    ),
    Endpoint(
        path=EVENT + "/participants",
        name="listParticipants",
        summary="Who entered an event.",
        asked=parameters.ListParticipants,
        answer=answers.ParticipantPage,
        handler=endpoints.participants,
        scope="participants",
        for_everybody=False,
    ),
    Endpoint(
        path=EVENT + "/changes",
        name="followEvent",
        summary="What changed of one event and its results, with deletions.",
        asked=parameters.FollowEvent,
        answer=answers.Changes,
        handler=endpoints.event_changes,
    ),
    Endpoint(
        path="/changes",
        name="followChanges",
        summary="What changed of the partner's events and results, with deletions.",
        asked=parameters.FollowChanges,
        answer=answers.Changes,
        handler=endpoints.changes,
        for_everybody=False,
    ),
    Endpoint(
        path="/providers",
        name="listProviders",
        summary="Every source of data, and the partner's accounts there.",
        asked=parameters.Nothing,
        answer=answers.ProviderPage,
        handler=endpoints.providers,
        scope="status",
        for_everybody=False,
    ),
    Endpoint(
        path="/monitor",
        name="getMonitor",
        summary="Whether all is well with the hub, as of the last few seconds.",
        asked=parameters.Nothing,
        answer=answers.Monitor,
        handler=endpoints.monitor,
        scope="status",
        for_everybody=False,
    ),
)
