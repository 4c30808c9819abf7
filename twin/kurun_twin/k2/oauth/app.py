"""The OAuth server as an ASGI application."""

import re
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kurun_twin.k2.oauth import authorization, tokens
from kurun_twin.k2.oauth.parameters import OAuthProblem, form, query
from kurun_twin.k2.operations import NamedRequest
from kurun_twin.k2.platform import K2Platform

PREFIX: Final = "/oauth2"

AUTHORIZE: Final = f"{PREFIX}/authorize"
TOKEN: Final = f"{PREFIX}/token"

OPERATIONS = [
    NamedRequest("OAuth_Authorize", "GET", re.compile(re.escape(AUTHORIZE))),
    NamedRequest("OAuth_Login", "POST", re.compile(re.escape(AUTHORIZE))),
    NamedRequest("OAuth_Token", "POST", re.compile(re.escape(TOKEN))),
]


class OAuthServer:
    """Answers requests below ``/oauth2/``."""

    def __init__(self, k2: K2Platform) -> None:
        self._k2 = k2

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        response = await self._answer(Request(scope, receive))
        response.headers["Cache-Control"] = "no-store"
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        handlers = _HANDLERS.get(request.url.path)
        if handlers is None:
            return Response(status_code=404)
        handler = handlers.get(request.method)
        if handler is None:
            return Response(status_code=405, headers={"Allow": ", ".join(handlers)})
        try:
            return await handler(self._k2, request)
        except OAuthProblem as problem:
            return problem.response()
        except ClientDisconnect:
            return Response(status_code=400)


async def _begin(k2: K2Platform, request: Request) -> Response:
    return await authorization.begin(k2, query(request))


async def _log_in(k2: K2Platform, request: Request) -> Response:
    return await authorization.log_in(k2, await form(request))


_HANDLERS: Final[Mapping[str, Mapping[str, Callable[[K2Platform, Request], Awaitable[Response]]]]] = MappingProxyType(
    {AUTHORIZE: {"GET": _begin, "POST": _log_in}, TOKEN: {"POST": tokens.issue}}
)
