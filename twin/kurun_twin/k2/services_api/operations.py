"""Operations of the K2 Services and how requests find them: paths are case-sensitive."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import unquote

from starlette.responses import Response

from kurun_twin.k2.services_api.calls import Call
from kurun_twin.k2.services_api.rendering import Node

PREFIX: Final = "/K2Services"
"""Where the services lie."""

Handler = Callable[[Call], Awaitable[Node | Response]]


class Endpoint(StrEnum):
    """One of the two addresses below the prefix."""

    REST = "/REST.svc"
    SYNC = "/SyncREST.svc"


@dataclass(frozen=True)
class Operation:
    """One operation: its service and name in the contract, its method and service path, and what carries it out."""

    name: str
    method: str
    path: str
    handler: Handler
    endpoints: tuple[Endpoint, ...] = (Endpoint.REST,)
    expression: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        endpoints = "|".join(re.escape(each) for each in self.endpoints)
        escaped = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        object.__setattr__(self, "expression", re.compile(f"{PREFIX}(?:{endpoints}){escaped}"))

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is for this operation."""
        return method == self.method and self.expression.fullmatch(path) is not None

    def values(self, raw_path: str) -> dict[str, str] | None:
        """What stands in the path's variable parts, decoded; ``None`` if it is another path."""
        found = self.expression.fullmatch(raw_path)
        return found and {name: unquote(value) for name, value in found.groupdict().items()}
