"""Who may connect to the listener, and how long it waits for what. Opens no connection."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from project88.listen.accounts import TimingAccount
from project88.wire.ctp01.settings import Authentication

Network = IPv4Network | IPv6Network
#: A computer that is silent is asked for a sign of life, and has as long again to give one.
SILENT_SECONDS = 15.0
#: So often a gap is asked for while nothing of it comes.
GAP_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Who may connect. ``anybody`` is whose reads come where no password is asked for, from ``networks`` only."""

    authentication: Authentication = "hmac-sha1"
    anybody: TimingAccount | None = None
    networks: tuple[Network, ...] = ()
    silent_seconds: float = SILENT_SECONDS
    gap_seconds: float = GAP_SECONDS

    def may_come_from(self, address: str) -> bool:
        if not self.networks:
            return True
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in self.networks)
