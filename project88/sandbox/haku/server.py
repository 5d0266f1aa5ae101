"""The Haku sandbox on a socket: token, events, people in short, one person in full. Knows no client of the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from project88.sandbox.clock import Clock
from project88.sandbox.faults import Fault, Strikes
from project88.sandbox.haku.auth import Gatekeeper
from project88.sandbox.haku.rows import event_row, full_row, is_active, short_row
from project88.sandbox.haku.settings import HakuClient, HakuSettings
from project88.sandbox.registration.entities import Edition, Registration, local
from project88.sandbox.registration.service import RegistrationService
from project88.sandbox.registration.world import RegistrationWorld
from project88.sandbox.service.asked import Asked, positive
from project88.sandbox.service.fault_effects import alter, page_size, reshape, rows_at
from project88.sandbox.service.listings import Listing, Rendered
from project88.sandbox.service.replies import Refused, Reply, json_reply
from project88.sandbox.service.rows import Row
from project88.sandbox.service.serving import running

Item = TypeVar("Item")
Order = tuple[int, str]
GONE = "removed"
EVENT_ORDERS: Mapping[str, Callable[[Edition], Order]] = {
    "event_date": lambda edition: (edition.start_s, edition.event_id),
}
PEOPLE_ORDERS: Mapping[str, Callable[[Registration], Order]] = {
    "updated_at": lambda each: (each.modified_s, each.registration_id),
    "registered_at": lambda each: (each.registered_s, each.registration_id),
}


class HakuSandbox(RegistrationService):
    """A running service. The token call stands on the same host at ``token_url``."""

    api_glob = "/events*"

    def __init__(
        self, world: RegistrationWorld, settings: HakuSettings, clock: Clock | None, faults: Iterable[Fault]
    ) -> None:
        super().__init__(world, settings, clock, faults)
        self.settings = settings
        self.gatekeeper = Gatekeeper(settings)
        self._kept: dict[tuple[str, str, str], tuple[int, Sequence[Registration]]] = {}

    @property
    def base_url(self) -> str:
        return self.host_url

    @property
    def token_url(self) -> str:
        return f"{self.host_url}/oauth2/token"

    def answer(self, asked: Asked, strikes: Strikes) -> Reply:
        if asked.segments == ("oauth2", "token") and asked.method == "POST":
            return self.gatekeeper.token(asked)
        client = self.gatekeeper.client(asked)
        self.admit(client.client_id, asked.now)
        match (asked.method, *asked.segments):
            case ("GET", "events"):
                return self._page("events", self._events(client, asked), asked, strikes)
            case ("GET", "events", event_id, "participants"):
                people = self._people(self._edition(client, event_id), asked)
                return self._page("participants", people, asked, strikes)
            case ("GET", "events", event_id, "registrations", registration_number):
                registration = self._registration(self._edition(client, event_id), registration_number)
                return json_reply(alter([full_row(registration, self.settings)], strikes)[0])
            case _:
                raise Refused(404, "Not Found")

    def error(self, refused: Refused) -> Reply:
        return json_reply({"message": str(refused)}, refused.status, refused.headers)

    def _page(self, key: str, listing: Listing, asked: Asked, strikes: Strikes) -> Reply:
        """The page cut to the cap whatever size was asked; past the end it is empty."""
        per_page = min(positive(asked.query, "per_page", self.settings.page_size), self.settings.page_cap)
        size = page_size(per_page, strikes)
        start = (positive(asked.query, "page", 1) - 1) * size
        rows: list[Row] = alter(rows_at(reshape(listing, strikes), start, size, strikes), strikes)
        return json_reply(rows if self.settings.envelope == "list" else {key: rows})

    def _events(self, client: HakuClient, asked: Asked) -> Listing:
        editions = [each for each in self.world.editions.values() if each.organiser_id == client.organiser_id]
        if asked.query.get("show_inactive") != "true":
            editions = [each for each in editions if is_active(each, local(int(asked.now), each.zone).date())]
        return Rendered(
            self._ordered(editions, EVENT_ORDERS, asked),
            lambda each: event_row(each, local(int(asked.now), each.zone).date(), self.settings),
            lambda each: each.event_id,
        )

    def _people(self, edition: Edition, asked: Asked) -> Listing:
        """Everybody but those who were removed; who left in another way is marked as cancelled."""
        wish = (edition.event_id, asked.query.get("sort_column", ""), asked.query.get("sort_direction", ""))
        version, people = self._kept.get(wish, (-1, []))
        if version != self.world.version:
            people = self._ordered(_listed(edition), PEOPLE_ORDERS, asked)
            self._kept[wish] = (self.world.version, people)
        return Rendered(people, lambda each: short_row(each, self.settings), lambda each: each.registration_id)

    def _ordered(
        self, items: Sequence[Item], orders: Mapping[str, Callable[[Item], Order]], asked: Asked
    ) -> Sequence[Item]:
        order = orders.get(asked.query.get("sort_column", ""))
        if order is None or not self.settings.honours_sort:
            return items
        return sorted(items, key=order, reverse=asked.query.get("sort_direction") == "desc")

    def _edition(self, client: HakuClient, event_id: str) -> Edition:
        edition = self.world.editions.get(event_id)
        if edition is None or edition.organiser_id != client.organiser_id:
            raise Refused(404, "Event not found")
        return edition

    def _registration(self, edition: Edition, number: str) -> Registration:
        registration = self.world.registrations.get(number)
        if registration is None or registration.category.edition is not edition or registration.status == GONE:
            raise Refused(404, "Registration not found")
        return registration


def _listed(edition: Edition) -> list[Registration]:
    people = [each for category in edition.categories for each in category.registrations if each.status != GONE]
    return sorted(people, key=lambda each: each.registration_id)


def serve_haku(
    world: RegistrationWorld,
    settings: HakuSettings | None = None,
    *,
    clock: Clock | None = None,
    faults: Iterable[Fault] = (),
) -> AbstractAsyncContextManager[HakuSandbox]:
    """Serve the world on loopback until the block ends. Port 0 takes any free port; see ``base_url``."""
    return running(HakuSandbox(world, settings or HakuSettings(), clock, faults))
