"""The interactive login: the browser comes back to this machine with an authorization code."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs

from aiohttp import web

from kurun_clients.k2.errors import AuthenticationRefused, LoginRequired
from kurun_clients.k2.oauth.endpoint import TokenEndpoint
from kurun_clients.k2.oauth.flow import AuthorizationCode
from kurun_clients.k2.oauth.grants import stored_login
from kurun_clients.k2.oauth.store import TokenStore
from kurun_clients.threads import in_thread

LOGIN_TIMEOUT: Final = timedelta(minutes=5)
REDIRECT_HOST: Final = "localhost"
"""Azure AD lets this name stand for any port without its being registered; the address 127.0.0.1 it does not."""

_LISTEN: Final = "127.0.0.1"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "Connection": "close",
}
_PAGE: Final = (
    '<!doctype html><html lang="en"><title>kurun</title>'
    "<p>kurun has the answer. You may close this window and look at the terminal.</p></html>"
)


@dataclass
class _Redirect:
    """Where the browser brings the answer; the first one to this login is taken, and no other."""

    port: int = 0
    state: str = ""
    query: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def uri(self) -> str:
        return f"http://{REDIRECT_HOST}:{self.port}/"

    async def answer(self, request: web.Request) -> web.Response:
        states = parse_qs(request.query_string).get("state", [])
        mine = len(states) == 1 and secrets.compare_digest(states[0].encode(), self.state.encode())
        if not self.state or not mine:
            return web.Response(status=400, text="This is no answer to the login of kurun.", headers=_HEADERS)
        if self.query.done():
            return web.Response(status=410, text="kurun has had its answer.", headers=_HEADERS)
        self.query.set_result(request.query_string)
        return web.Response(text=_PAGE, content_type="text/html", headers=_HEADERS)


async def log_in(
    endpoint: TokenEndpoint,
    store: TokenStore,
    *,
    open_browser: Callable[[str], object],
    port: int = 0,
    timeout: timedelta = LOGIN_TIMEOUT,  # noqa: ASYNC109 - the whole login has it, whoever waits
) -> None:
    """Let a person log in with a browser on this machine, and keep the refresh token.

    Args:
        endpoint: The token endpoint; its application needs an authorization address.
        store: Where the login is kept, in place of the one before.
        open_browser: Opens an address, or shows it; runs in a thread.
        port: Port of ``http://localhost:<port>/``, the redirect address, where the browser comes back; any if 0.
        timeout: How long the person has.

    Raises:
        LoginRequired: Nobody logged in in time.
        AuthenticationRefused: The login was refused, or gives no refresh token.
        Temporary: The token endpoint was not reached, or the login could not be kept.
        OSError: Nothing can listen on the port.
    """
    async with _listening(port) as redirect:
        login = AuthorizationCode(endpoint.application, redirect.uri)
        redirect.state = login.state
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                await in_thread(lambda: open_browser(login.url))
                query = await redirect.query
        except TimeoutError:
            seconds = timeout.total_seconds()
            raise LoginRequired(f"nobody logged in within {seconds:g} s: run `kurun k2 login` again") from None
    answer = await endpoint.ask(login.token_request(query))
    if answer.refresh_token is None:
        raise AuthenticationRefused("the login gives no refresh token, so that it would end within the hour")
    async with store.held():
        await store.save(stored_login(endpoint.application, answer.refresh_token))


@asynccontextmanager
async def _listening(port: int) -> AsyncIterator[_Redirect]:
    redirect = _Redirect()
    app = web.Application()
    app.router.add_get("/", redirect.answer)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, _LISTEN, port)
        await site.start()
        redirect.port = runner.addresses[0][1]
        yield redirect
    finally:
        await runner.cleanup()
