"""What an operation of the API is, and what its handler can reach."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.authority import EngineAuthority
from kurun_twin.platform import Platform, Principal
from kurun_twin.scenario import Scenario


@dataclass(frozen=True)
class Api:
    """What handlers work with."""

    platform: Platform
    authority: EngineAuthority
    scenario: Scenario


Handler = Callable[[Api, Request], Awaitable[Response]]


@dataclass(frozen=True)
class Operation:
    """One operation: its name in the OpenAPI document, its method and path, and what carries it out."""

    name: str
    method: str
    path: str
    handler: Handler
    expression: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        escaped = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.path))
        object.__setattr__(self, "expression", re.compile(escaped))

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is for this operation."""
        return method == self.method and self.expression.fullmatch(path) is not None


def caller(request: Request) -> Principal:
    """Who sent the request, as the authentication found out."""
    principal: Principal = request.scope["kurun.caller"]
    return principal
