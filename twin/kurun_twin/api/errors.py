"""Every failure as KuFlow's ``DefaultError``."""

from collections.abc import Mapping
from http import HTTPStatus

from pydantic import ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from kurun_twin.clock import microseconds, wire_time
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.refusals import InvalidData, InvalidInput, Refusal

_MAX_ERRORS = 100

NO_OPERATION = "the API has no such operation; actions look like /process-items/{id}/task/~actions/claim"


def error_response(
    status: int,
    message: str | None = None,
    errors: list[JsonObject] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer with a ``DefaultError``."""
    body: JsonObject = {
        "timestamp": wire_time(microseconds()),
        "status": status,
        "message": message or HTTPStatus(status).phrase,
        "errors": errors or [],
    }
    return Response(to_json(body), status, headers, "application/json")


async def refused(_: Request, refusal: Exception) -> Response:
    """The platform's rules do not allow it."""
    assert isinstance(refusal, Refusal)  # noqa: S101 - registered for it
    if isinstance(refusal, InvalidData | InvalidInput):
        errors = [_breach(each) for each in refusal.breaches[:_MAX_ERRORS]]
    else:
        errors = [_info(refusal.code, refusal.message, refusal.location, refusal.location_type)]
    return error_response(refusal.status, refusal.message, errors)


async def invalid_body(_: Request, error: Exception) -> Response:
    """The body has not the shape that the operation takes."""
    assert isinstance(error, ValidationError)  # noqa: S101 - registered for it
    details = error.errors(include_input=False, include_url=False, include_context=False)[:_MAX_ERRORS]
    errors = [_info(each["type"], each["msg"], ".".join(str(part) for part in each["loc"]), "body") for each in details]
    return error_response(400, f"{errors[0].get('location', 'body')}: {errors[0]['message']}", errors)


async def http_error(_: Request, error: Exception) -> Response:
    """No such route, or not with this method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    detail = NO_OPERATION if error.status_code == 404 else error.detail
    return error_response(error.status_code, detail, headers=error.headers)


async def disconnected(_request: Request, _error: Exception) -> Response:
    """The caller went away in the middle of its request: nobody reads this."""
    return error_response(400, "the request was not finished")


async def broken(_request: Request, _error: Exception) -> Response:
    """A mistake of the twin's."""
    return error_response(500)


HANDLERS = {
    Refusal: refused,
    ValidationError: invalid_body,
    HTTPException: http_error,
    ClientDisconnect: disconnected,
    Exception: broken,
}


def _breach(breach: Mapping[str, str]) -> JsonObject:
    path, rule = breach["propertyPath"], breach["type"]
    return _info(rule, f"{path or '/'} breaks {rule}", path, "body")


def _info(code: str, message: str, location: str | None, location_type: str) -> JsonObject:
    info: JsonObject = {"code": code, "message": message}
    return {**info, "location": location, "locationType": location_type} if location else info
