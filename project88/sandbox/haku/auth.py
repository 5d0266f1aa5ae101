"""Who calls Haku: client credentials for a token, which then stands alone in its header. Opens no socket."""

from __future__ import annotations

from project88.sandbox.haku.settings import HakuClient, HakuSettings
from project88.sandbox.service.asked import Asked
from project88.sandbox.service.basic import basic_pair
from project88.sandbox.service.replies import Refused, Reply, json_reply
from project88.sandbox.service.tokens import Tokens, same


class Gatekeeper:
    """Knows the clients and the tokens it has handed out. Time comes with the call."""

    def __init__(self, settings: HakuSettings) -> None:
        self._settings = settings
        self._tokens: Tokens[HakuClient] = Tokens(settings.token_seconds)

    def token(self, asked: Asked) -> Reply:
        """The reply of the token call."""
        if asked.form.get("grant_type") != "client_credentials":
            return json_reply({"error": "unsupported_grant_type"}, 400)
        scheme, _, value = asked.headers.get("authorization", "").partition(" ")
        client_id, client_secret = basic_pair(value) if scheme.lower() == "basic" else ("", "")
        for client in self._settings.clients:
            if same(client_id, client.client_id) and same(client_secret, client.client_secret):
                body: dict[str, object] = {
                    "access_token": self._tokens.issue(client, asked.now),
                    "token_type": "Bearer",
                }
                if self._settings.says_lifetime:
                    body["expires_in"] = int(self._tokens.seconds)
                return json_reply(body)
        return json_reply({"error": "invalid_client"}, self._settings.bad_client_status)

    def client(self, asked: Asked) -> HakuClient:
        """The client whose token the header is; 401 for anything else, the word Bearer included."""
        token = asked.headers.get("authorization", "")
        if self._settings.accepts_bearer:
            token = token.removeprefix("Bearer ")
        client = self._tokens.holder(token, asked.now)
        if client is None:
            raise Refused(401, "Unauthorized")
        return client
