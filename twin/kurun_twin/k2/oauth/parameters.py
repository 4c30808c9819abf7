"""Parameters of OAuth requests and the errors of RFC 6749."""

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.k2.platform import K2Platform

RESOURCE: Final = "https://api.k2.com/"
"""What tokens are for."""

_MAX_FORM: Final = 64 * 1024
_FORM: Final = "application/x-www-form-urlencoded"


class OAuthProblem(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """An error of RFC 6749, section 5.2, or the same before anyone may be sent anywhere.

    Attributes:
        error: The error's code.
        description: What is wrong, for people.
        status: HTTP status of the answer.
        challenge: Whether the client showed credentials in the ``Authorization`` header.
    """

    def __init__(self, error: str, description: str, *, status: int = 400, challenge: bool = False) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status
        self.challenge = challenge

    def response(self) -> Response:
        """The answer with it."""
        body = {"error": self.error, "error_description": self.description}
        headers = {"WWW-Authenticate": 'Basic realm="K2 OAuth"'} if self.challenge else None
        return Response(to_json(body), self.status, headers, "application/json")


def query(request: Request) -> dict[str, str]:
    """The parameters in the address."""
    return _single(request.query_params.multi_items())


async def form(request: Request) -> dict[str, str]:
    """The parameters in a form's body.

    Raises:
        OAuthProblem: It is no form, or too large.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise OAuthProblem("invalid_request", f"The body must be {_FORM}.")
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > _MAX_FORM:
            raise OAuthProblem("invalid_request", "The body is too large.", status=413)
    try:
        return _single(parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise OAuthProblem("invalid_request", "The body is no form.") from None


def _single(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in items:
        if name in found:
            raise OAuthProblem("invalid_request", f"The parameter {name} is repeated.")
        found[name] = value
    return found


def check_resource(given: Mapping[str, str], *, required: bool) -> None:
    """Insist that tokens are asked for K2's API.

    Raises:
        OAuthProblem: They are not.
    """
    resource = given.get("resource")
    if resource is None and not required:
        return
    if resource != RESOURCE:
        raise OAuthProblem("invalid_resource", f"The resource must be {RESOURCE}.")


def known_client(k2: K2Platform, client_id: str | None) -> bool:
    """Whether this is the application that is registered."""
    return client_id is not None and client_id == k2.credentials.client_id
