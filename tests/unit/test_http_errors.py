"""What an error tells a person and a program, and what it never tells."""

import gzip
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest
from pydantic import BaseModel

from kurun_clients.http import (
    AiohttpTransport,
    ApiError,
    BadRequest,
    BaseClient,
    Conflict,
    Forbidden,
    InvalidRequest,
    InvalidResponse,
    NotFound,
    PayloadTooLarge,
    RetryPolicy,
    ServerError,
    StatusError,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)
from kurun_clients.http.replies import retry_after
from kurun_clients.kuflow import BasicAuth
from kurun_clients.kuflow.client import parse_default_error
from kurun_clients.kuflow.models import DefaultError
from tests.unit.loopback import Script, answering, serving, status

CONFLICT = (
    b'{"timestamp":"2024-06-14T10:00:00Z","status":409,"message":"The task is not claimed",'
    b'"errors":[{"code":"STATE","message":"must be CLAIMED","location":"task.state","locationType":"BODY"}]}'
)


class Thing(BaseModel):
    """What the API under test answers with."""

    id: int
    secret: str = ""


async def failing(answer: Script, *, path: str = "/things", query: list[tuple[str, str]] | None = None) -> ApiError:
    """How a POST fails when this is its answer."""
    async with (
        serving(answering(answer)) as server,
        BaseClient(
            server.url + "/v1",
            auth=BasicAuth("robot", "hunter2"),
            retry=RetryPolicy(repeats=0),
            parse_error=parse_default_error,
        ) as api,
    ):
        with pytest.raises(ApiError) as caught:
            await api.call(Thing, "POST", path, query=query or [], json=b'{"password": "hunter3"}')
        return caught.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (413, PayloadTooLarge),
        (415, UnsupportedMediaType),
        (429, TooManyRequests),
        (500, ServerError),
        (503, ServerError),
        (418, StatusError),
        (304, StatusError),
    ],
)
async def test_each_status_has_its_class(code: int, kind: type[StatusError]) -> None:
    """A refusal is raised as the class of its status, and carries it."""
    error = await failing(status(code, b"" if code == 304 else b"{}"))

    assert type(error) is kind
    assert isinstance(error, StatusError)
    assert error.status == code


async def test_a_refusal_says_what_kuflow_says() -> None:
    """One line: method, path, status, KuFlow's message and its reasons; the parsed body is at hand."""
    error = await failing(status(409, CONFLICT, x_request_id="abc-1"))

    assert str(error) == "POST /things: 409 Conflict: The task is not claimed (task.state: must be CLAIMED)"
    assert isinstance(error, Conflict)
    assert isinstance(error.error, DefaultError)
    assert (error.method, error.error.status, error.request_id) == ("POST", 409, "abc-1")
    assert error.excerpt.encode() == CONFLICT


async def test_a_refusal_by_something_else_than_the_api() -> None:
    """A body that is not the API's, such as a proxy's page, is shown as its beginning, on one bounded line."""
    page = b"<html>\n  <h1>Bad gateway\x1b[31m</h1>\n" + b"y" * 10_000

    error = await failing(status(502, page))

    assert isinstance(error, ServerError)
    assert error.error is None
    assert str(error).startswith("POST /things: 502 Bad Gateway: <html> <h1>Bad gateway [31m</h1> yyy")
    assert len(str(error)) < 600
    assert len(error.excerpt) == 2048


async def test_a_refusal_without_a_body() -> None:
    """Nothing to say is said briefly."""
    error = await failing(status(404, b""))

    assert str(error) == "POST /things: 404 Not Found"


async def test_errors_hold_no_secrets() -> None:
    """Neither credentials nor the request's body nor its query are in what an error shows."""
    error = await failing(status(401, b"{}"), query=[("token", "hunter4")])

    shown = f"{error} {error!r} {error.__dict__} {error.__cause__!r}"
    assert "hunter" not in shown
    assert "Basic" not in shown
    assert isinstance(error, Unauthorized)
    assert error.url.endswith("/v1/things")


@pytest.mark.parametrize("header", ["x-request-id", "x-correlation-id", "traceparent"])
async def test_the_request_id_is_the_servers(header: str) -> None:
    """Whichever of the usual headers the server answers with."""
    error = await failing(status(500, b"{}", **{header: "r-7"}))

    assert isinstance(error, StatusError)
    assert error.request_id == "r-7"


async def test_the_request_id_is_ours_if_the_server_names_none() -> None:
    """Each call carries an id of ours, which the error then names."""
    async with serving(answering(status(500))) as server, BaseClient(server.url) as api:
        with pytest.raises(ServerError) as caught:
            await api.send("POST", "/things")

    assert caught.value.request_id == server.received[0].headers["x-request-id"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", timedelta(0)),
        ("120", timedelta(minutes=2)),
        ("1.5", timedelta(seconds=1.5)),
        ("-5", timedelta(0)),
        (" 7 ", timedelta(seconds=7)),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e300", None),
        ("99999999999", None),
    ],
)
def test_retry_after_in_seconds(value: str, expected: timedelta | None) -> None:
    """Seconds are read leniently; what makes no sense counts as absent."""
    assert retry_after(httpx2.Headers({"retry-after": value})) == expected


def test_retry_after_as_a_date() -> None:
    """A date is measured against the server's own clock if it tells it, and is never negative."""
    now = datetime(2024, 6, 14, 10, 0, tzinfo=UTC)
    later = format_datetime(now + timedelta(seconds=90), usegmt=True)

    ahead = retry_after(httpx2.Headers({"retry-after": later, "date": format_datetime(now, usegmt=True)}))
    past = retry_after(httpx2.Headers({"retry-after": later}))

    assert (ahead, past) == (timedelta(seconds=90), timedelta(0))


async def test_a_refusal_carries_retry_after() -> None:
    """Whoever waits longer than this client does finds how long."""
    error = await failing(status(429, retry_after="30"))

    assert isinstance(error, TooManyRequests)
    assert error.retry_after == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"", "body: Invalid JSON"), (b"<html>", "body: Invalid JSON"), (b'{"id": "x"}', "id: Input should be")],
)
async def test_an_answer_that_cannot_be_read(body: bytes, said: str) -> None:
    """2xx with another body than promised: InvalidResponse names the place."""
    error = await failing(status(200, body))

    assert isinstance(error, InvalidResponse)
    assert f"POST /things: 200 with a body that is no Thing: {said}" in str(error)


async def test_an_answer_that_cannot_be_read_is_not_quoted() -> None:
    """Its values may be secret."""
    error = await failing(status(200, b'{"id": "hunter5", "secret": ["hunter6"]}'))

    assert isinstance(error, InvalidResponse)
    assert "hunter" not in str(error)


async def test_packed_answers_are_unpacked() -> None:
    """Gzip is offered, and read."""
    packed = gzip.compress(b'{"id": 5}')

    async with (
        serving(answering(status(200, packed, content_encoding="gzip"))) as server,
        BaseClient(server.url) as api,
    ):
        thing = await api.call(Thing, "GET", "/things")

    assert thing == Thing(id=5)
    assert server.received[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [
        (gzip.compress(b" " * 64 * 1024 * 1024), "gzip", "larger than"),
        (gzip.compress(b'{"id": 5}')[:-6], "gzip", "ends in the middle"),
        (b"nothing of the kind", "gzip", "broken gzip"),
        (b"x", "zstd", "not asked for"),
    ],
    ids=["bomb", "cut", "garbage", "unknown"],
)
async def test_packed_answers_are_not_trusted(body: bytes, encoding: str, said: str) -> None:
    """A small answer that unpacks to a large one, or does not unpack, is an InvalidResponse."""
    error = await failing(status(200, body, content_encoding=encoding))

    assert isinstance(error, InvalidResponse)
    assert said in str(error)


async def test_too_long_an_address_is_not_sent() -> None:
    """More filters than an address can hold: InvalidRequest."""
    async with serving(answering(status(200))) as server, BaseClient(server.url) as api:
        with pytest.raises(InvalidRequest, match="too many filters"):
            await api.send("GET", "/things", query=[("id", "x" * 100)] * 100)

    assert server.connections == 0


@pytest.mark.parametrize(
    "endpoint", ["ftp://host/v1", "host/v1", "", "http://", "https://robot:hunter2@host/v1", "https://host/v1?a=b"]
)
async def test_an_endpoint_is_a_plain_http_address(endpoint: str) -> None:
    """Anything else is refused at once, without repeating what may be a secret."""
    transport = AiohttpTransport()

    with pytest.raises(ValueError, match="the endpoint must be") as caught:
        BaseClient(endpoint, transport=transport)

    assert "hunter" not in str(caught.value)
