"""Counts every request, and lets the scenario spoil some."""

import asyncio
import math
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kurun_twin.api.errors import error_response
from kurun_twin.figures import Figures
from kurun_twin.k2.operations import Named
from kurun_twin.scenario import Rule, Scenario

OWN_PREFIX = "/_twin/"
"""Operations under it steer the twin: they are neither counted nor spoilt."""


class ConnectionDropped(Exception):  # noqa: N818 - it says what happened
    """The scenario dropped the connection, and the server that runs the application offers no way to do it."""


class Misbehaviour:
    """The outermost layer, so that it counts refused credentials and unknown routes too."""

    def __init__(self, app: ASGIApp, operations: Sequence[Named], scenario: Scenario, figures: Figures) -> None:
        self._app = app
        self._operations = operations
        self._scenario = scenario
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"].startswith(OWN_PREFIX):
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        operation = next((each.name for each in self._operations if each.matches(method, path)), "unknown")
        self._figures.request_started(operation)
        status: int | None = 500

        async def noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            rule = self._scenario.meet(method, path)
            if rule is None:
                await self._app(scope, receive, noting_status)
            elif rule.drop is not None:
                status = None
                await self._drop(rule, scope, receive)
            else:
                await self._spoil(rule, scope, receive, noting_status)
        finally:
            self._figures.request_ended(operation, status)

    async def _spoil(self, rule: Rule, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(rule.delay_ms / 1000)
        if rule.status is None:
            await self._app(scope, receive, send)
            return
        headers = {} if rule.retry_after is None else {"Retry-After": str(math.ceil(rule.retry_after))}
        await error_response(rule.status, "the scenario says so", headers=headers)(scope, receive, send)

    async def _drop(self, rule: Rule, scope: Scope, receive: Receive) -> None:
        await asyncio.sleep(rule.delay_ms / 1000)
        if rule.drop == "after":
            await self._app(scope, receive, _to_nobody)
        # uvicorn offers no way to close a connection unanswered; its receive is a method of what holds the transport.
        transport = getattr(getattr(receive, "__self__", None), "transport", None)
        if not isinstance(transport, asyncio.Transport):
            raise ConnectionDropped
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


async def _to_nobody(_: Message) -> None:
    pass
