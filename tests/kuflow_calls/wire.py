"""The calls made against a loopback server, to see the request that each makes."""

import json
from typing import Any

from kurun_clients.kuflow import KuFlowClient
from kurun_twin.api import API_PREFIX
from tests.kuflow_calls.downloads import DOWNLOADS
from tests.kuflow_calls.samples import AUTH, Call
from tests.unit.loopback import Received, Script, answering, serving, status


def reply(answer: dict[str, Any] | None) -> Script:
    """What KuFlow answers: JSON, or 204 without any."""
    return status(204, b"") if answer is None else status(200, json.dumps(answer).encode())


async def request_of(call: Call, **options: Any) -> Received:
    """The request that a call makes, with other options of the client than usual."""
    async with (
        serving(answering(reply(call[1]))) as server,
        KuFlowClient(server.url + API_PREFIX, auth=AUTH, **options) as kuflow,
    ):
        await call[0](kuflow)
    (request,) = server.received
    return request


async def request_of_download(name: str) -> Received:
    """The request that a download makes."""
    async with (
        serving(answering(status(200, b"content"))) as server,
        KuFlowClient(server.url + API_PREFIX, auth=AUTH) as kuflow,
        DOWNLOADS[name][0](kuflow),
    ):
        (request,) = server.received
        return request
