"""The twin's own operations for K2: what happened, what waits, and the end of tokens. For applications only."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Literal, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kurun_twin.api import parameters
from kurun_twin.api.operations import caller
from kurun_twin.api.responses import json_response
from kurun_twin.k2.platform import K2Platform, history
from kurun_twin.k2.platform.tokens import Kind
from kurun_twin.k2.workflow_api import shapes
from kurun_twin.platform.refusals import Forbidden, Invalid

_MAX_NUMBER = 10**15

Handler = Callable[[K2Platform, Request], Awaitable[Response]]


async def get_history(k2: K2Platform, request: Request) -> Response:
    """A page of what happened, oldest first; ``next`` is the ``after`` of the following page, ``null`` at the end."""
    size = min(_number(request, "size") or history.MAX_PAGE, history.MAX_PAGE)
    rows = await k2.database.run(
        history.read,
        after=_number(request, "after") or 0,
        size=size,
        instance_id=_number(request, "instance"),
        serial=parameters.single(request, "serial"),
        what=parameters.single(request, "what"),
    )
    return json_response({"rows": rows, "next": rows[-1]["id"] if len(rows) == size else None})


async def get_server_events(k2: K2Platform, _request: Request) -> Response:
    """Server events that wait. K2 has no such list: its workflows send the serial numbers by means of their own."""
    events = await k2.database.run(k2.server_events.waiting)
    return json_response({"serverEvents": [shapes.server_event(each) for each in events]})


async def delete_tokens(k2: K2Platform, request: Request) -> Response:
    """Revoke codes and tokens, all or those of one ``user`` and one ``kind``."""
    name, kind = parameters.single(request, "user"), parameters.single(request, "kind")
    user = k2.users.named(name) if name else None
    if name and user is None:
        raise Invalid(f"no K2 user is named {name}", location="user", location_type="query")
    kinds: frozenset[Kind] = frozenset(each for each in get_args(Kind) if kind in {None, each})
    if not kinds:
        raise Invalid(f"kinds are {', '.join(get_args(Kind))}", location="kind", location_type="query")
    return json_response({"revoked": await k2.database.run(k2.tokens.revoke, user, kinds)})


async def post_password(k2: K2Platform, request: Request) -> Response:
    """Give the account of ``user`` another password, until the twin ends."""
    name = parameters.single(request, "user") or ""
    user = k2.users.named(name)
    if user is None:
        raise Invalid(f"no K2 user is named {name}", location="user", location_type="query")
    renewed = k2.users.change_password(user, secrets.token_urlsafe(12))
    return json_response({"user": renewed.name, "password": renewed.password})


def k2_routes(k2: K2Platform) -> list[Route]:
    """The operations."""
    return [
        _route(k2, "GET", "history", get_history),
        _route(k2, "GET", "server-events", get_server_events),
        _route(k2, "DELETE", "tokens", delete_tokens),
        _route(k2, "POST", "password", post_password),
    ]


def _route(k2: K2Platform, method: Literal["GET", "DELETE", "POST"], name: str, handler: Handler) -> Route:
    async def handle(request: Request) -> Response:
        if not caller(request).is_application:
            raise Forbidden("only applications may steer the twin")
        return await handler(k2, request)

    return Route(f"/_twin/k2/{name}", handle, methods=[method])


def _number(request: Request, name: str) -> int | None:
    text = parameters.single(request, name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 15:
        raise Invalid(f"{name} is a number below {_MAX_NUMBER}", location=name, location_type="query")
    return int(text)
