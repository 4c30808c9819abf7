"""An authorization server and a K2 behind it, on loopback."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from pydantic import AnyHttpUrl, SecretStr

from kurun_clients.k2 import FileTokenStore, StoredLogin
from kurun_config import K2Authentication, K2Settings
from tests.unit.loopback import Loopback, Peer, serving

SECRET = "app-s3cret"
Answer = tuple[int, dict[str, Any] | bytes]


@dataclass
class LoginServer:
    """Both servers.

    Attributes:
        issued: Access tokens so far.
        good: Access tokens that K2 takes; every issued one, unless a test takes some out.
        forms: The requests for tokens.
        refresh_token: The one refresh token that is good; each use replaces it.
        answer: Gives another answer to a request for tokens than tokens.
        expires_in: Life of the tokens.
        calls: Requests to K2 that were acted on.
    """

    issued: int = 0
    good: set[str] = field(default_factory=set)
    forms: list[dict[str, str]] = field(default_factory=list)
    refresh_token: str = "refresh-0"
    answer: Callable[[], Answer | None] = lambda: None
    expires_in: Any = "3600"
    calls: int = 0
    url: str = ""
    loopback: Loopback | None = None

    @property
    def token_url(self) -> str:
        """Where tokens come from."""
        return f"{self.url}/tenant/oauth2/token"

    def settings(self, token_file: Path, **changes: Any) -> K2Settings:
        """Settings of a client that has logged in here."""
        return K2Settings(
            endpoint=AnyHttpUrl(f"{self.url}/api/workflow/v1"),
            authentication=K2Authentication.OAUTH,
            oauth_token_url=AnyHttpUrl(self.token_url),
            oauth_authorization_url=AnyHttpUrl(f"{self.url}/tenant/oauth2/authorize"),
            oauth_client_id="app",
            oauth_client_secret=SecretStr(SECRET),
            oauth_token_file=token_file,
        ).model_copy(update=changes)

    async def logged_in(self, token_file: Path) -> None:
        """Leave a login in a file."""
        await FileTokenStore(token_file).save(StoredLogin(self.refresh_token, self.token_url, "app"))

    async def serve(self, peer: Peer) -> None:
        """One connection."""
        while True:
            request = await peer.receive()
            if request.target.endswith("/oauth2/token"):
                await self._token(peer, dict(parse_qsl(request.body.decode())))
            elif request.headers.get("authorization", "").removeprefix("Bearer ") in self.good:
                self.calls += 1
                await peer.answer(200, b'{"tasks":[]}')
            else:
                await peer.answer(401, b'{"Message":"no"}')

    async def _token(self, peer: Peer, form: dict[str, str]) -> None:
        self.forms.append(form)
        status, body = self.answer() or self._tokens(form)
        await peer.answer(status, body if isinstance(body, bytes) else json.dumps(body).encode())

    def _tokens(self, form: dict[str, str]) -> Answer:
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != self.refresh_token:
            return 400, {"error": "invalid_grant", "error_description": f"{form['refresh_token']} was revoked"}
        self.issued += 1
        self.good.add(f"access-{self.issued}")
        self.refresh_token = f"refresh-{self.issued}"
        return 200, {
            "access_token": f"access-{self.issued}",
            "refresh_token": self.refresh_token,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "scope": "user_impersonation",
        }


@asynccontextmanager
async def login_server() -> AsyncIterator[LoginServer]:
    """Both servers on one port."""
    server = LoginServer()
    async with serving(server.serve) as loopback:
        server.url, server.loopback = loopback.url, loopback
        yield server
