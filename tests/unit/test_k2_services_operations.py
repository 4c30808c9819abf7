"""Every operation of the K2 Services that is a GET: what it asks for, and that it reads the answer."""

from typing import Any

import pytest

from tests.k2_calls.services_reads import READS, Look
from tests.unit.k2_services_client import Call, asked


@pytest.mark.parametrize(
    ("call", "target", "answer", "look", "expected"), [pytest.param(*each, id=each[1]) for each in READS]
)
async def test_gets(call: Call, target: str, answer: str, look: Look, expected: Any) -> None:
    """Address, options and answer of every operation that is a GET; XML is asked for, and nobody else is sent."""
    request, result = await asked(call, answer)

    service = "SyncREST" if target.startswith("Task/") else "REST"
    assert ("GET", f"/K2Services/{service}.svc/{target}") == (request.method, request.target)
    assert ("application/xml, text/xml", b"") == (request.headers["accept"], request.body)
    assert request.headers["authorization"] == "Basic Ym9iOnNlY3JldA=="
    assert expected == look(result)
