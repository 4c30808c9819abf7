"""The K2 Services as an ASGI application."""

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from kurun_twin.k2 import authentication
from kurun_twin.k2.platform import K2Platform, K2Refusal
from kurun_twin.k2.services_api import identity, item_parts, process, task, worklist
from kurun_twin.k2.services_api.actions import UnknownAction
from kurun_twin.k2.services_api.answers import NoSuchThing, answer, failure, refusal_status, refusal_text
from kurun_twin.k2.services_api.calls import Call, NotExecuted, TooLarge, WrongOption
from kurun_twin.k2.services_api.documents import UnreadableDocument
from kurun_twin.k2.services_api.formats import UnknownFormat, answers_json
from kurun_twin.k2.services_api.operations import Operation

OPERATIONS: Final = [
    operation for service in (worklist, item_parts, process, identity, task) for operation in service.OPERATIONS
]
"""Every operation of both endpoints."""

_NO_ENDPOINT: Final = "<html><head><title>Service</title></head><body><p>Endpoint not found.</p></body></html>"
"""What WCF answers, before K2 is asked, where a path leads nowhere."""

_STATUSES: Final[Mapping[type[Exception], int]] = {
    NoSuchThing: 404,
    TooLarge: 413,
    UnreadableDocument: 500,  # "any other error", as K2's documents say
    UnknownAction: 500,
    WrongOption: 500,
    ClientDisconnect: 500,
}


class ServicesApi:
    """Answers requests below ``/K2Services/``, with Basic authentication; it offers no NTLM."""

    def __init__(self, k2: K2Platform) -> None:
        self._k2 = k2

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            in_json = answers_json(request)
        except UnknownFormat as unknown:
            return self._failure(500, str(unknown))
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        user = authentication.basic(self._k2, value.strip()) if scheme.lower() == "basic" else None
        if user is None:
            challenge = {"WWW-Authenticate": authentication.CHALLENGE}
            return self._failure(401, "Access is denied.", in_json=in_json, headers=challenge)
        found = _fitting(request)
        for operation, values in found:
            if operation.method == request.method:
                call = Call(self._k2, request, user, values)
                return await self._carried_out(call, operation, in_json=in_json)
        if not found:
            return HTMLResponse(_NO_ENDPOINT, 404)
        allowed = {"Allow": ", ".join(sorted({each.method for each, _ in found}))}
        return self._failure(405, "The service has no such operation.", in_json=in_json, headers=allowed)

    async def _carried_out(self, call: Call, operation: Operation, *, in_json: bool) -> Response:
        try:
            done = await operation.handler(call)
        except NotExecuted:
            return Response(status_code=202)
        except K2Refusal as refusal:
            status = refusal_status(refusal, self._k2.options)
            return self._failure(status, refusal_text(refusal), in_json=in_json, by_switch=True)
        except tuple(_STATUSES) as error:
            return self._failure(_STATUSES[type(error)], str(error), in_json=in_json, by_switch=True)
        if isinstance(done, Response):
            return done
        return await asyncio.to_thread(answer, done, self._k2.options, in_json=in_json)  # lists can be long

    def _failure(
        self,
        status: int,
        message: str,
        *,
        in_json: bool = False,
        headers: Mapping[str, str] | None = None,
        by_switch: bool = False,
    ) -> Response:
        options = self._k2.options
        response = answer(
            failure(message),
            options,
            in_json=in_json,
            status=200 if by_switch and options.k2_failure_in_200 else status,
        )
        response.headers.update(headers or {})
        return response


def _fitting(request: Request) -> list[tuple[Operation, dict[str, str]]]:
    # Values in a path may hold encoded slashes, which only the path as it was sent keeps apart.
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    return [(each, values) for each in OPERATIONS if (values := each.values(path)) is not None]
