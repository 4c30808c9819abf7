"""The application: routes and layers."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kurun_twin.api import authentications, documents, errors, process_items, processes, steering, workers
from kurun_twin.api.authentication import Authenticated
from kurun_twin.api.misbehaviour import Misbehaviour
from kurun_twin.api.operations import Api, Operation
from kurun_twin.authority import EngineAuthority
from kurun_twin.platform import Platform
from kurun_twin.scenario import Scenario

API_PREFIX = "/v2024-06-14"
"""Where KuFlow's API lies; the twin's own operations lie beside it under ``/_twin``."""


def create_app(platform: Platform, authority: EngineAuthority, scenario: Scenario | None = None) -> Starlette:
    """Make the ASGI application.

    Args:
        platform: What it serves; it stays open when the application ends.
        authority: Issues the engine's tokens and certificates.
        scenario: How it misbehaves; changed by ``PUT /_twin/scenario`` too.
    """
    api = Api(platform, authority, scenario or Scenario())
    groups = (authentications, workers, processes, documents, process_items)
    published = [replace(each, path=API_PREFIX + each.path) for group in groups for each in group.OPERATIONS]
    app = Starlette(
        routes=_routes(api, [*published, *steering.OPERATIONS]),
        middleware=[
            Middleware(Misbehaviour, published, api.scenario, platform.figures),
            Middleware(Authenticated, platform.principals),
        ],
        exception_handlers=dict(errors.HANDLERS),
    )
    app.router.redirect_slashes = False
    return app


def _routes(api: Api, operations: Sequence[Operation]) -> list[Route]:
    by_path = groupby(sorted(operations, key=attrgetter("path")), key=attrgetter("path"))
    return [_route(api, path, {each.method: each for each in group}) for path, group in by_path]


def _route(api: Api, path: str, operations: dict[str, Operation]) -> Route:
    async def handle(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await operations[method].handler(api, request)

    return Route(path, handle, methods=list(operations))
