"""Every operation of the K2 Services that is a POST: the documents that it sends, and that it reads the answer."""

from typing import Any

import pytest
from lxml import etree

from kurun_clients.http import InvalidRequest
from kurun_clients.k2.services import (
    Criteria,
    ProcessStart,
    TaskUpdate,
    field,
)
from tests.k2_calls.services_posts import POSTS, SN
from tests.unit.k2_services_client import Call, asked, before
from tests.unit.loopback import answering, status


@pytest.mark.parametrize(
    ("call", "target", "body", "answer", "expected"), [pytest.param(*each, id=each[1]) for each in POSTS]
)
async def test_posts(call: Call, target: str, body: str, answer: str, expected: Any) -> None:
    """Address, document and answer of every operation that is a POST; the document is XML and says so."""
    request, result = await asked(call, answer)

    declared = "" if body.startswith("<Criteria") else '<?xml version="1.0" encoding="utf-8"?>'
    assert ("POST", f"/K2Services/{target}") == (request.method, request.target)
    assert "application/xml; charset=utf-8" == request.headers["content-type"]
    assert declared + body == request.body.decode()
    assert etree.fromstring(request.body) is not None
    assert expected == (len(result) if target.endswith("Filtered") else result)


async def test_requests_that_are_never_sent() -> None:
    """What K2 would misread is refused here."""
    update = TaskUpdate(serial_number=SN, action="Approve", id=1)
    wrong: list[Call] = [
        lambda k: k.worklist.find(skip=-1),
        lambda k: k.worklist.find(Criteria(field("ProcessFolio").equals("x" * 9000))),
        lambda k: k.worklist.execute("19", "Approve"),
        lambda k: k.process.start(ProcessStart(full_name="A", folio="\0")),
        lambda k: k.process.start_many([]),
        lambda k: k.task.update_many([]),
        lambda k: k.task.update_many([update, update]),
        lambda k: k.identity.retrieve(""),
    ]

    async with before(answering(status(200, b""))) as (k2, server):
        for call in wrong:
            with pytest.raises(InvalidRequest):
                await call(k2)

    assert server.received == []
