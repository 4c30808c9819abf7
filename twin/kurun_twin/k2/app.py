"""Everything of K2 that is reached over HTTP, beside KuFlow's API on the same port."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from kurun_twin.k2 import oauth, services_api, workflow_api
from kurun_twin.k2.operations import Named
from kurun_twin.k2.platform import K2Platform

OPERATIONS: Final[Sequence[Named]] = [*workflow_api.OPERATIONS, *services_api.OPERATIONS, *oauth.OPERATIONS]
"""Every operation, as it is counted."""

_PARTS: Final[Mapping[str, Callable[[K2Platform], ASGIApp]]] = MappingProxyType(
    {"api/workflow": workflow_api.WorkflowApi, "k2services": services_api.ServicesApi, "oauth2": oauth.OAuthServer}
)
"""What answers below each first part of a path, in lower case."""


class K2Beside:
    """Passes K2's requests to K2, which has accounts of its own, and all others on."""

    def __init__(self, app: ASGIApp, k2: K2Platform) -> None:
        self._app = app
        self._parts = {f"/{prefix}/": part(k2) for prefix, part in _PARTS.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        path = scope["path"].lower() if scope["type"] == "http" else ""
        app = next((part for prefix, part in self._parts.items() if path.startswith(prefix)), self._app)
        await app(scope, receive, send)
