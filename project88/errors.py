"""Every error of the hub, named by what the caller does next. Raises nothing and imports nothing of the hub.

HubError
  UsageError               the command was typed wrong; the process exits 2
  ConfigError              stop: an operator must act; the process exits 78
    CredentialsRefused     stop this credential: the service says the login is wrong
    KeyMissing             stop this credential: the key that opens its sealed secret is not here
    DatabaseAway           stop, or wait: nobody answers at the database's address
  ProviderError
    Transient              retry: time-outs, 429, 5xx, cut bodies; may carry how long to wait
      Throttled            retry later: the service said the calls come too fast
    Permanent              stop this job: the service broke its contract
    Gone                   skip this event: it is gone or archived upstream
  StoreError               stop this job: the database refused or is away
    Superseded             stop this job: another worker has taken it over, so nothing of it is stored
  BadValue                 record: this one value cannot be read; its row goes to quarantine
"""

from __future__ import annotations

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_CONFIG = 78


class HubError(Exception):
    """Something the hub can explain. The message tells the operator what to do."""

    exit_code = EXIT_FAILED


class UsageError(HubError):
    """The command was typed wrong."""

    exit_code = EXIT_USAGE


class ConfigError(HubError):
    """A setting is missing or wrong; nothing works until an operator changes it."""

    exit_code = EXIT_CONFIG


class CredentialsRefused(ConfigError):
    """The service refused the login. Trying again would not help."""


class KeyMissing(ConfigError):
    """A sealed secret cannot be opened on this machine."""


class DatabaseAway(ConfigError):
    """No database answers where one is named. A service that must not end may wait for it."""


class ProviderError(HubError):
    """The other side of a provider's wire failed."""


class Transient(ProviderError):
    """The same call may succeed later.

    ``retry_after_seconds`` is what the service asked for, None where it did not say.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Throttled(Transient):
    """The service said that calls come too fast."""


class Permanent(ProviderError):
    """The service answered with something outside its contract."""


class Gone(ProviderError):
    """This event no longer exists upstream or is archived; what we hold of it stays."""

    def __init__(self, message: str, upstream_state: str = "gone") -> None:
        super().__init__(message)
        self.upstream_state = upstream_state


class StoreError(HubError):
    """The database refused a statement or cannot be reached."""


class Superseded(StoreError):
    """Another worker took this poll over; what this one read is thrown away."""


class BadValue(HubError, ValueError):
    """One value cannot be read. The row that holds it is quarantined with its raw text."""
