"""Who is calling: the simple, Basic and OAuth2 password schemes, with ``client_id`` in every query. Opens no socket."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from project88.sandbox.live.settings import Account
from project88.sandbox.service.basic import basic_pair
from project88.sandbox.service.replies import Refused
from project88.sandbox.service.tokens import Tokens, same


class Gatekeeper:
    """Knows the accounts and the tokens it has handed out. Time comes from the caller."""

    def __init__(self, accounts: Sequence[Account], accept_sha256: bool, token_seconds: float) -> None:
        self._accounts = accounts
        self._forms = ("sha1", "sha256") if accept_sha256 else ("sha1",)
        # The login of the deployment page has a SHA-256 digest and no client id; the switch lets it in as it is.
        self._needs_client_id = not accept_sha256
        self._tokens: Tokens[Account] = Tokens(token_seconds)

    def account(self, authorization: str, query: Mapping[str, str], now: float) -> Account:
        """The account that calls, or Refused: 400 without a client id, 401 when anything does not fit."""
        if self._needs_client_id and not query.get("client_id"):
            raise Refused(400, "client_id is required")
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "bearer":
            account = self._by_token(value, now)
        elif scheme.lower() == "basic":
            account = self._by_password(*basic_pair(value))
        else:
            account = self._by_digest(query.get("user_id", ""), query.get("user_pass", ""))
        if query.get("client_id") not in (account.client_id, None, ""):
            raise Refused(401, "client_id is not valid for this login")
        return account

    def token(self, authorization: str, query: Mapping[str, str], now: float) -> dict[str, object]:
        """The body of the token reply of ``GET /oauth2/token``."""
        scheme, _, value = authorization.partition(" ")
        client_id, client_secret = basic_pair(value) if scheme.lower() == "basic" else ("", "")
        if query.get("grant_type") != "password":
            raise Refused(400, "unsupported_grant_type")
        account = self._by_password(query.get("username", ""), query.get("password", ""))
        if (account.client_id, account.client_secret) != (client_id, client_secret):
            raise Refused(401, "invalid_client")
        token = self._tokens.issue(account, now)
        return {"access_token": token, "token_type": "Bearer", "expires_in": int(self._tokens.seconds)}

    def _by_token(self, token: str, now: float) -> Account:
        account = self._tokens.holder(token, now)
        if account is None:
            raise Refused(401, "the access token is invalid or has expired")
        return account

    def _by_password(self, login: str, password: str) -> Account:
        account = self._by_login(login)
        if not same(password, account.password):
            raise Refused(401, "Authentication failed")
        return account

    def _by_digest(self, login: str, digest: str) -> Account:
        account = self._by_login(login)
        forms = [account.only_form] if account.only_form else self._forms
        accepted = (_in_form(account.password, form) for form in forms)
        if not any(same(digest, known) for known in accepted):
            raise Refused(401, "Authentication failed")
        return account

    def _by_login(self, login: str) -> Account:
        for account in self._accounts:
            if account.login == login:
                return account
        raise Refused(401, "Authentication failed")


def _in_form(password: str, form: str) -> str:
    return password if form == "plain" else hashlib.new(form, password.encode()).hexdigest()
