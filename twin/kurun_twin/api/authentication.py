"""Who is calling: 401 for everyone else."""

import base64
import binascii

from starlette.types import ASGIApp, Receive, Scope, Send

from kurun_twin.api.errors import error_response
from kurun_twin.platform.principals import Principal, Principals


class Authenticated:
    """Lets requests through whose credentials are known, and notes in the scope whose they are.

    Basic (``id:secret``), the bearer form of the same that KuFlow's libraries send, and an access token.
    """

    def __init__(self, app: ASGIApp, principals: Principals) -> None:
        self._app = app
        self._principals = principals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, value = header.decode("latin-1").partition(" ")
        principal = self._principal(scheme.lower(), value.strip())
        if principal is None:
            reason = "the credentials are not valid" if header else "credentials are required"
            response = error_response(401, reason, headers={"WWW-Authenticate": 'Basic realm="KuFlow"'})
            await response(scope, receive, send)
            return
        scope["kurun.caller"] = principal
        scope["kurun.access_token"] = scheme.lower() == "bearer" and value.strip() == principal.credentials.access_token
        await self._app(scope, receive, send)

    def _principal(self, scheme: str, value: str) -> Principal | None:
        if scheme == "basic":
            return self._with_secret(value)
        if scheme == "bearer":
            return self._principals.with_token(value) or self._with_secret(value)
        return None

    def _with_secret(self, encoded: str) -> Principal | None:
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
        return self._principals.with_secret(client_id, secret)
