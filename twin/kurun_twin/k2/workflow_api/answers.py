"""Answers of the Workflow REST API."""

from collections.abc import Mapping
from typing import Final

from pydantic_core import to_json
from starlette.responses import Response

from kurun_twin.k2.platform import K2Refusal, RefusalKind
from kurun_twin.options import TwinOptions

_JSON: Final = "application/json; charset=utf-8"


class RequestProblem(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """The request is no request of this API.

    Attributes:
        status: HTTP status of the answer.
        message: What is wrong, for people.
        headers: Headers that the status asks for.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


def json_answer(body: object, status: int = 200) -> Response:
    """An answer with JSON."""
    return rendered(to_json(body), status)


def rendered(content: bytes, status: int = 200) -> Response:
    """An answer with JSON that is text already."""
    return Response(content, status, media_type=_JSON)


def done(options: TwinOptions) -> Response:
    """A task's action or a server event's finish took effect."""
    if options.k2_action_status == 204 or not options.k2_action_body:
        return Response(status_code=options.k2_action_status)
    return json_answer({}, options.k2_action_status)


def error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """A failure in the form of .NET's Web API."""
    return Response(to_json({"Message": message}), status, headers, _JSON)


def refusal(refused: K2Refusal, options: TwinOptions) -> Response:
    """What K2 refused, with the statuses that the options give."""
    statuses = {
        RefusalKind.DENIED_OR_NOT_FOUND: options.k2_denied_status,
        RefusalKind.NO_WORKFLOW: options.k2_denied_status,
        RefusalKind.SLOT_TAKEN: options.k2_engine_error_status,
        RefusalKind.WRONG_STATE: options.k2_engine_error_status,
        RefusalKind.BAD_REQUEST: 400,
        RefusalKind.INVALID_DATA: options.k2_invalid_data_status,
        RefusalKind.NOT_PERMITTED: options.k2_not_permitted_status,
    }
    return error(statuses[refused.kind], refused.message)
