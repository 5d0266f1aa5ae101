"""Who calls Race Roster: a client with a timer's own password for a bearer token. Opens no socket."""

from __future__ import annotations

from project88.sandbox.race_roster.settings import RaceRosterAccount, RaceRosterSettings
from project88.sandbox.service.asked import Asked
from project88.sandbox.service.replies import Refused, Reply, json_reply
from project88.sandbox.service.tokens import Tokens, same

FOREVER_SECONDS = float("inf")


class Gatekeeper:
    """Knows the accounts and the tokens it has handed out. Time comes with the call."""

    def __init__(self, settings: RaceRosterSettings) -> None:
        self._settings = settings
        self._tokens: Tokens[RaceRosterAccount] = Tokens(settings.token_seconds)
        self._refresh: Tokens[RaceRosterAccount] = Tokens(FOREVER_SECONDS)

    def authorize(self, asked: Asked) -> Reply:
        """The reply of the token call. ``access_token`` is the service's own name of the first grant."""
        match asked.form.get("grant_type"):
            case "access_token":
                account = self._by_password(asked)
                refresh_token = self._refresh.issue(account, asked.now)
            case "refresh_token":
                account, refresh_token = self._by_refresh_token(asked)
            case _:
                return auth_error(Refused(400, "unsupported_grant_type"), "Check the grant_type parameter")
        token = {
            "access_token": self._tokens.issue(account, asked.now),
            "token_type": "Bearer",
            "expires_in": int(self._tokens.seconds),
            "refresh_token": refresh_token,
        }
        return json_reply(token if self._settings.token_reply == "flat" else {"data": [token]})

    def account(self, asked: Asked) -> RaceRosterAccount:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        account = self._tokens.holder(token, asked.now) if scheme.lower() == "bearer" else None
        if account is None:
            raise Refused(401, "access_denied")
        return account

    def _by_password(self, asked: Asked) -> RaceRosterAccount:
        for account in self._settings.accounts:
            is_person = same(asked.form.get("username"), account.username) and same(
                asked.form.get("password"), account.password
            )
            if is_person and account.is_client(asked.form):
                return account
        raise Refused(401, "invalid_credentials")

    def _by_refresh_token(self, asked: Asked) -> tuple[RaceRosterAccount, str]:
        token = asked.form.get("refresh_token", "")
        account = self._refresh.holder(token, asked.now)
        if account is None or not account.is_client(asked.form):
            raise Refused(401, "invalid_request")
        if not self._settings.rotates_refresh:
            return account, token
        self._refresh.withdraw(token)
        return account, self._refresh.issue(account, asked.now)


def auth_error(refused: Refused, hint: str | None = None) -> Reply:
    body = {"error": str(refused), "error_description": "The request was denied.", "hint": hint}
    return json_reply(body, refused.status, refused.headers)
