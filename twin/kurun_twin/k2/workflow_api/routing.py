"""Operations of the Workflow REST API and how requests find them: upper and lower case of paths do not matter."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.k2.platform import K2Platform, K2User

PREFIX: Final = "/api/workflow/v1"
"""The base address's path; older servers also answer under ``preview``."""

_BASE: Final = r"/api/workflow/(?:v1|preview)"


@dataclass(frozen=True)
class Call:
    """One request: who calls, and what the path says."""

    k2: K2Platform
    user: K2User
    request: Request
    path: Mapping[str, str]

    def query(self, name: str) -> str | None:
        """A query parameter, whose name's upper and lower case do not matter."""
        values = (value for key, value in self.request.query_params.multi_items() if key.lower() == name)
        return next(values, None)


Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True)
class Operation:
    """One operation: its id in K2's Swagger document, its method and path, and what carries it out."""

    name: str
    method: str
    path: str
    handler: Handler
    expression: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        escaped = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        object.__setattr__(self, "expression", re.compile(f"{_BASE}{escaped}/?", re.IGNORECASE))

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is for this operation."""
        return method == self.method and self.expression.fullmatch(path) is not None

    def values(self, raw_path: str) -> dict[str, str] | None:
        """What stands in the path's variable parts, decoded; ``None`` if it is another path."""
        found = self.expression.fullmatch(raw_path)
        return found and {name: unquote(value) for name, value in found.groupdict().items()}
