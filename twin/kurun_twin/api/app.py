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

from kurun_twin.api import (
    artifact_actions,
    artifacts,
    authentications,
    directory,
    documents,
    errors,
    kms,
    process_actions,
    process_items,
    processes,
    robots,
    steering,
    workers,
)
from kurun_twin.api.authentication import Authenticated
from kurun_twin.api.misbehaviour import Misbehaviour
from kurun_twin.api.operations import Api, Operation
from kurun_twin.authority import EngineAuthority
from kurun_twin.k2.app import OPERATIONS as K2_OPERATIONS
from kurun_twin.k2.app import K2Beside
from kurun_twin.k2.operations import Named
from kurun_twin.k2.platform import K2Platform
from kurun_twin.k2.steering import k2_routes
from kurun_twin.platform import Platform
from kurun_twin.scenario import Scenario

API_PREFIX = "/v2024-06-14"
"""Where KuFlow's API lies; the twin's own operations lie beside it under ``/_twin``."""


OPERATIONS = [
    operation
    for group in (
        authentications,
        workers,
        directory,
        processes,
        process_actions,
        process_items,
        documents,
        artifacts,
        artifact_actions,
        robots,
        kms,
    )
    for operation in group.OPERATIONS
]
"""Every operation of KuFlow's API, paths without the prefix."""


def create_app(
    platform: Platform, authority: EngineAuthority, scenario: Scenario | None = None, k2: K2Platform | None = None
) -> Starlette:
    """Make the ASGI application.

    Args:
        platform: What it serves; it stays open when the application ends.
        authority: Issues the engine's tokens and certificates.
        scenario: How it misbehaves; changed by ``PUT /_twin/scenario`` too.
        k2: K2 beside it, under paths of its own; it misbehaves and is counted likewise.
    """
    api = Api(platform, authority, scenario or Scenario())
    published = [replace(each, path=API_PREFIX + each.path) for each in OPERATIONS]
    counted: list[Named] = [*published, *(K2_OPERATIONS if k2 else ())]
    app = Starlette(
        routes=[*_routes(api, [*published, *steering.OPERATIONS]), *(k2_routes(k2) if k2 else ())],
        middleware=[
            Middleware(Misbehaviour, counted, api.scenario, platform.figures),
            *([Middleware(K2Beside, k2)] if k2 else []),
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
