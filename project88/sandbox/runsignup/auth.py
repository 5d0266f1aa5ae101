"""Who calls RunSignUp: a key pair in the query or in a header, a bearer token, and the calling software's own pair."""

from __future__ import annotations

from project88.sandbox.runsignup.errors import BAD_CALLER, KEY_FAILED, refusal
from project88.sandbox.runsignup.settings import RunSignUpAccount, RunSignUpSettings
from project88.sandbox.service.asked import Asked
from project88.sandbox.service.replies import Reply, json_reply
from project88.sandbox.service.tokens import Tokens, same


class Gatekeeper:
    """Knows the accounts and the tokens it has handed out. Time comes with the call."""

    def __init__(self, settings: RunSignUpSettings) -> None:
        self._settings = settings
        self._tokens: Tokens[RunSignUpAccount] = Tokens(settings.token_seconds)

    def check_caller(self, asked: Asked) -> None:
        """Both halves and right, or neither before the deadline."""
        settings = self._settings
        caller_id = asked.query.get("rsu_api_reg")
        secret = asked.headers.get("x-rsu-api-reg-secret")
        if caller_id is None and secret is None:
            if asked.now >= settings.caller_required_from.timestamp():
                raise refusal(settings.caller_missing_code, "API caller credentials are required.")
        elif not same(caller_id, settings.caller_id) or not same(secret, settings.caller_secret):
            raise refusal(BAD_CALLER, "Invalid API caller credentials.")

    def account(self, asked: Asked) -> RunSignUpAccount | None:
        """The account that calls, None without credentials; wrong ones are refused with code 6."""
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._by_token(token, asked.now)
        for form, key, secret in (
            ("query", asked.query.get("api_key"), asked.query.get("api_secret")),
            ("header", asked.query.get("rsu_api_key"), asked.headers.get("x-rsu-api-secret")),
        ):
            if key is not None:
                return self._by_pair(form, key, secret)
        return None

    def refresh(self, asked: Asked) -> Reply:
        """The token reply for a refresh token. Its errors are real statuses, unlike those of the rest."""
        wanted = asked.form.get("refresh_token")
        if not wanted:
            return _token_error(400, "invalid_request", "refresh_token is required")
        for account in self._settings.accounts:
            if same(wanted, account.refresh_token) and account.is_client(asked.form):
                return json_reply(
                    {
                        "access_token": self._tokens.issue(account, asked.now),
                        "token_type": "Bearer",
                        "expires_in": int(self._tokens.seconds),
                        "refresh_token": account.refresh_token,
                    }
                )
        return _token_error(401, "invalid_grant", "the refresh token is not valid for this client")

    def _by_token(self, token: str, now: float) -> RunSignUpAccount:
        account = self._tokens.holder(token, now)
        if account is None:
            raise refusal(KEY_FAILED, "Access token is not valid.")
        return account

    def _by_pair(self, form: str, key: str, secret: str | None) -> RunSignUpAccount:
        for account in self._settings.accounts:
            if form in account.forms and same(key, account.key) and same(secret, account.secret):
                return account
        raise refusal(KEY_FAILED, "API key is not valid.")


def _token_error(status: int, error: str, description: str) -> Reply:
    return json_reply({"error": error, "error_description": description}, status)
