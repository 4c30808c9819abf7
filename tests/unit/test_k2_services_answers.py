"""How calls to the K2 Services end: what was done, what was not, and what nobody knows."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from kurun_clients.http import InvalidRequest
from kurun_clients.http.auth import BasicAuth
from kurun_clients.k2.errors import (
    AuthenticationRefused,
    GoneOrForbidden,
    K2Error,
    NotExecuted,
    Refused,
    Temporary,
    UnknownOutcome,
)
from kurun_clients.k2.services import Criteria, Failure, ProcessStart, ServicesClient, TaskUpdate
from tests.unit.k2_services_client import XML, Call, asked, before
from tests.unit.loopback import Script, answering, break_off, hang_up, reset, status
from tests.unit.test_k2_services_xml import BOMB, OUTSIDE

SN = "19_10"
UPDATE = TaskUpdate(serial_number=SN, action="Approve")


async def _execute(k2: ServicesClient) -> None:
    await k2.worklist.execute(SN, "Approve")


async def _start_by_name(k2: ServicesClient) -> int:
    return await k2.process.start_by_name("Loans\\Approval", folio="L-1")


async def _start(k2: ServicesClient) -> int:
    return await k2.process.start(ProcessStart(full_name="Loans\\Approval"))


async def _update(k2: ServicesClient) -> None:
    await k2.task.update(UPDATE)


async def _update_many(k2: ServicesClient) -> tuple[Failure, ...]:
    return await k2.task.update_many([UPDATE])


async def _open(k2: ServicesClient) -> object:
    return await k2.worklist.retrieve(SN, allocate=True)


async def _find(k2: ServicesClient) -> object:
    return await k2.worklist.find()


async def _find_filtered(k2: ServicesClient) -> object:
    return await k2.worklist.find_filtered(Criteria())


async def _retrieve(k2: ServicesClient) -> object:
    return await k2.worklist.retrieve(SN)


CHANGES: list[Call] = [_execute, _start_by_name, _start, _update, _update_many, _open]
READS: list[Call] = [_find, _find_filtered, _retrieve]


async def _error(call: Callable[[], Awaitable[object]]) -> K2Error:
    with pytest.raises(K2Error) as caught:
        await call()
    return caught.value


def _failure(message: str, code: str = "-1") -> str:
    """K2's documented example, with another message."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<Failure ID="0" Code="{code}" '
        'xmlns="http://schemas.k2.com/framework/d1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        f" <Message>{message}</Message>\n <Description>client-failure</Description>\n</Failure>"
    )


UNKNOWN_PROCESS = "25223 Process K2 Examples\\Order Process not found"
JSON_FAILURE = b'{"ID": 0, "Code": -1, "Message": "25223 Process not found", "Description": "client-failure"}'


@pytest.mark.parametrize(
    "answer",
    [
        _failure(UNKNOWN_PROCESS),
        _failure(UNKNOWN_PROCESS).replace(' xmlns="http://schemas.k2.com/framework/d1"', ""),
        _failure("Process not found", code="25223"),
        JSON_FAILURE,
        b'{"Failure": ' + JSON_FAILURE + b"}",
    ],
)
@pytest.mark.parametrize(("calls", "expected"), [(CHANGES, NotExecuted), (READS, Refused)], ids=["changing", "reading"])
async def test_a_failure_under_200(answer: str | bytes, calls: list[Call], expected: type[K2Error]) -> None:
    """K2 did not do it, whatever the status: in any namespace, as XML or JSON; the engine's code is kept."""
    for call in calls:
        error = await _error(lambda call=call: asked(call, answer))  # type: ignore[misc]

        assert (expected, "25223") == (type(error), error.code)
        assert "not found" in str(error)


async def test_a_failure_inside_an_answer() -> None:
    """A Failure counts wherever it stands, but not inside the value of a field."""
    inside = f"<result>{_failure(UNKNOWN_PROCESS).partition('?>')[2]}</result>"
    assert type(await _error(lambda: asked(_update, inside))) is NotExecuted

    field = f"<XmlFieldCollection><XmlField Name='x'>{inside}</XmlField></XmlFieldCollection>"
    _, fields = await asked(lambda k2: k2.process.xml_fields(19), field)
    assert "25223" in fields[0].value


@pytest.mark.parametrize("code", ["24411", "26030"])
@pytest.mark.parametrize("http_status", [200, 404, 500])
async def test_what_is_gone(code: str, http_status: int) -> None:
    """24411 and 26030 mean that the item is gone or forbidden, under whatever status."""
    answer = _failure(f"{code} The worklist item is not available")

    for call in [*CHANGES, *READS]:
        error = await _error(lambda call=call: asked(call, answer, http_status))  # type: ignore[misc]

        assert (GoneOrForbidden, code) == (type(error), error.code)


@pytest.mark.parametrize(
    ("http_status", "changing", "reading"),
    [
        (202, NotExecuted, NotExecuted),
        (400, Refused, Refused),
        (401, AuthenticationRefused, AuthenticationRefused),
        (403, AuthenticationRefused, AuthenticationRefused),
        (404, GoneOrForbidden, GoneOrForbidden),
        (500, UnknownOutcome, Temporary),
        (503, Temporary, Temporary),
        (302, Refused, Refused),
    ],
)
async def test_statuses(http_status: int, changing: type[K2Error], reading: type[K2Error]) -> None:
    """202 was not executed; 500 of a change may have been; the rest is what K2 documents."""
    script = answering(status(http_status, _failure("42").encode(), content_type=XML))

    async with before(script, retries=0) as (k2, _):
        assert [changing] * len(CHANGES) == [type(await _error(lambda call=call: call(k2))) for call in CHANGES]  # type: ignore[misc]
        assert [reading] * len(READS) == [type(await _error(lambda call=call: call(k2))) for call in READS]  # type: ignore[misc]


@pytest.mark.parametrize(
    "answer", ["", "<html><body><p>Endpoint not found.</p></body></html>", "<a>", '{"message":"x"}']
)
async def test_a_404_without_a_failure(answer: str) -> None:
    """K2 did not say it: nothing was done, and the message asks whether the address is right."""
    for call in [*CHANGES, *READS]:
        error = await _error(lambda call=call: asked(call, answer, 404))  # type: ignore[misc]

        assert type(error) is Temporary
        assert str(error).endswith("is k2.services_endpoint right?")


SUCCESSES = [
    b"",
    b" \r\n",
    b'<?xml version="1.0" encoding="utf-8"?>\n<success xmlns="http://schemas.k2.com/api/framework"/>',
    b"<DataFieldCollection/>",
    b'"done"',
    b"{}",
]


@pytest.mark.parametrize("answer", SUCCESSES)
async def test_done(answer: bytes) -> None:
    """What has no result is done when there is no Failure; an answer may be missing, as K2 documents."""
    for call in (_execute, _update):
        assert (await asked(call, answer))[1] is None
    assert (await asked(_update_many, answer))[1] == ()


UNREADABLE = {
    "cut": (b'<WorklistItemCollection xmlns="http://schemas.k2.com/worklist/d1"><WorklistItem Serial', XML),
    "a bomb": (BOMB, XML),
    "an external entity": (OUTSIDE, XML),
    "another charset": (b"<long>19</long>", "text/xml; charset=utf-16"),
    "bytes of no charset": ("<long>é</long>".encode("latin-1"), XML),
    "a web page": (b"<html><body>Log in</body></html>", "text/html"),
    "HTML": (b"<!DOCTYPE html><p>Log in", "text/html"),
    "broken JSON": (b'{"Code', "application/json"),
    "text": (b"OK", "text/plain"),
    "too deep": (b"<a>" * 100 + b"</a>" * 100, XML),
    "too large": (b"<a>" + b"x" * 5_000_000 + b"</a>", XML),
    "packed in another way": (b"<long>19</long>", XML),
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_what_cannot_be_read(what: str) -> None:
    """It is no success: nobody knows whether a change was made, and a read can be repeated; nothing is sent twice."""
    body, content_type = UNREADABLE[what]
    headers = {"content_encoding": "br"} if what.startswith("packed") else {}
    script = answering(status(200, body, content_type=content_type, **headers))

    async with before(script) as (k2, server):
        errors = [type(await _error(lambda call=call: call(k2))) for call in [*CHANGES, *READS]]  # type: ignore[misc]

    assert [UnknownOutcome] * len(CHANGES) + [Temporary] * len(READS) == errors
    assert len(errors) == len(server.received)


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (_start, b""),
        (_start_by_name, b'<success xmlns="http://schemas.k2.com/api/framework"/>'),
        (_start, b"<long>soon</long>"),
        (_start, b'<ProcessInstance xmlns="http://schemas.k2.com/worklist/d1" Folio="F"/>'),
        (_open, b""),
        (_open, b"<WorklistItem/>"),
    ],
)
async def test_a_change_whose_result_is_missing(call: Call, answer: bytes) -> None:
    """An instance may have been started whose id nobody knows."""
    assert type(await _error(lambda: asked(call, answer))) is UnknownOutcome


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b'<success xmlns="http://schemas.k2.com/api/framework"/>',
        b"<WorklistItemCollection><Item/></WorklistItemCollection>",
        b"<WorklistItemCollection><WorklistItem/></WorklistItemCollection>",
        b'<WorklistItemCollection><WorklistItem SerialNumber="1_2" ID="x"/></WorklistItemCollection>',
        b"[]",
    ],
)
async def test_nothing_else_is_an_empty_list(answer: bytes) -> None:
    """An answer that is no list must not look like an account without tasks."""
    assert type(await _error(lambda: asked(_find, answer))) is Temporary


async def test_failures_of_single_updates() -> None:
    """A batch gives what K2 says of single entries; a Failure as the whole answer is the batch's."""
    entry = '<Failure ID="1000" Code="-1"><Message>26030 gone</Message></Failure>'

    _, failures = await asked(_update_many, f"<Results><Result/>{entry}</Results>")

    assert (Failure(message="26030 gone", code="-1", id="1000"),) == failures
    assert type(await _error(lambda: asked(_update_many, entry))) is GoneOrForbidden


DROPS: dict[str, Script] = {"hang up": hang_up, "reset": reset, "break off": break_off}


@pytest.mark.parametrize("drop", DROPS)
@pytest.mark.parametrize("call", CHANGES)
async def test_what_changes_something_arrives_once(drop: str, call: Call) -> None:
    """The connection breaks after the request, GET or POST, on a used connection: it came once, its end is unknown."""
    async with before(answering(status(200, b"<string>bob</string>", content_type=XML), DROPS[drop])) as (k2, server):
        await k2.core.who_am_i()
        error = await _error(lambda: call(k2))

    assert (UnknownOutcome, 2, 1) == (type(error), len(server.received), server.connections)


async def test_what_changes_something_is_not_repeated_after_a_timeout_of_a_gateway() -> None:
    """502 and 504 say that somebody gave up waiting, not that nothing was done."""
    for code in (502, 504):
        async with before(answering(status(code))) as (k2, server):
            errors = [type(await _error(lambda call=call: call(k2))) for call in CHANGES]  # type: ignore[misc]

        assert [UnknownOutcome] * len(CHANGES) == errors
        assert len(CHANGES) == len(server.received)


async def test_reads_are_repeated() -> None:
    """What only reads is asked again when the connection breaks, criteria that are posted included."""
    items = status(200, b"<WorklistItemCollection/>", content_type=XML)

    async with before(answering(hang_up, items, reset, items)) as (k2, server):
        assert await k2.worklist.find() == ()
        assert await k2.worklist.find_filtered(Criteria()) == ()

    assert len(server.received) == 4


async def test_a_large_list_does_not_hold_the_loop() -> None:
    """A list of megabytes is read beside the event loop, which goes on meanwhile."""
    items = b"<WorklistItemCollection>" + b'<WorklistItem SerialNumber="1_2"/>' * 20_000 + b"</WorklistItemCollection>"
    turns = 0

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", XML.encode())]})
        await send({"type": "http.response.body", "body": items})

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with ServicesClient("http://k2", auth=BasicAuth("a", "b"), transport=httpx2.ASGITransport(app)) as k2:
        counting = asyncio.create_task(count())
        found = await k2.worklist.find()
        counting.cancel()

    assert len(found) == 20_000
    assert turns > 50


async def test_requests_that_are_refused_here_stay_what_they_are() -> None:
    """An InvalidRequest is no outcome of K2's."""
    async with before(answering(status(200))) as (k2, server):
        with pytest.raises(InvalidRequest):
            await k2.worklist.execute("no serial number", "Approve")

    assert server.received == []
