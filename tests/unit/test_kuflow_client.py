"""The KuFlow client: its answers, who it says it is, and how settings make it."""

import asyncio
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

import kurun_clients.http
import kurun_clients.kuflow
from kurun_clients.http import Unauthorized
from kurun_clients.kuflow import Base64BearerAuth, BasicAuth, BearerAuth, BytesContent, KuFlowClient
from kurun_clients.kuflow.models import (
    AuthenticationType,
    ProcessItem,
    WorkerCreateParams,
)
from kurun_config import ConfigurationError, KuFlowAuthentication, KuFlowSettings
from tests.unit.loopback import Received, answering, serving, status

ONE = UUID("11111111-1111-4111-8111-111111111111")
TWO = UUID("22222222-2222-4222-8222-222222222222")
AUTH = BasicAuth("robot", "hunter2")

PROCESS = {"id": str(ONE), "state": "RUNNING"}
ITEM = {"id": str(ONE), "type": "TASK", "processId": str(TWO), "task": {"state": "READY"}}
DOCUMENT = {"documentUri": "ku:process/1/document/2"}
WORKER = {"identity": "w", "taskQueue": "q", "hostname": "h", "ip": "127.0.0.1"}
TOKEN = {"type": "ENGINE_TOKEN", "engineToken": {"token": "t", "expiredAt": "2024-06-14T10:00:00Z"}}


async def test_answers_are_models() -> None:
    """The answer comes typed, and fields of a later KuFlow are kept."""
    body = json.dumps({**ITEM, "novelty": 7}).encode()

    async with serving(answering(status(200, body))) as server, KuFlowClient(server.url, auth=AUTH) as kuflow:
        item = await kuflow.process_items.retrieve(ONE)

    assert isinstance(item, ProcessItem)
    assert (item.id, item.model_extra) == (ONE, {"novelty": 7})


async def test_a_user_action_that_changes_nothing() -> None:
    """304 means that the process is as it was: None."""
    async with serving(answering(status(304, b""))) as server, KuFlowClient(server.url, auth=AUTH) as kuflow:
        untouched = await kuflow.processes.upload_user_action_document(
            ONE, BytesContent(b"x"), file_name="a", content_type="text/plain", user_action_value_id=TWO
        )

    assert untouched is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("300", timedelta(minutes=5)),
        ("2.5", timedelta(seconds=2.5)),
        (None, None),
        ("", None),
        ("soon", None),
        ("0", None),
        ("-3", None),
        ("nan", None),
        ("1e999", None),
    ],
)
async def test_the_delay_window(header: str | None, expected: timedelta | None) -> None:
    """KuFlow says when it wants to hear of the worker again; what is no sensible number counts as absent."""
    headers = {} if header is None else {"x_kf_delay_window": header}
    answer = status(201, json.dumps(WORKER).encode(), **headers)
    params = WorkerCreateParams(identity="w", task_queue="q", hostname="h", ip="127.0.0.1")

    async with serving(answering(answer)) as server, KuFlowClient(server.url, auth=AUTH) as kuflow:
        registration = await kuflow.workers.create(params)

    assert (registration.worker.identity, registration.delay_window) == ("w", expected)


async def test_the_clients_tenant_is_the_default() -> None:
    """OAuth 2 needs a tenant to ask engine credentials for: the client's, unless another is named."""
    script = answering(status(200, json.dumps(TOKEN).encode()))

    async with serving(script) as server, KuFlowClient(server.url, auth=AUTH, tenant_id=ONE) as kuflow:
        await kuflow.authentications.create(AuthenticationType.ENGINE_TOKEN)
        await kuflow.authentications.create(AuthenticationType.ENGINE_TOKEN, tenant_id=TWO)

    assert [json.loads(request.body)["tenantId"] for request in server.received] == [str(ONE), str(TWO)]


async def authorizations(auth: Any, *codes: int) -> list[str]:
    """The Authorization headers of one call to a server that answers with these statuses."""
    body = json.dumps(PROCESS).encode()
    script = answering(*(status(code, body) for code in codes))
    async with serving(script) as server, KuFlowClient(server.url, auth=auth) as kuflow:
        if codes[-1] == 401:
            with pytest.raises(Unauthorized):
                await kuflow.processes.retrieve(ONE)
        else:
            await kuflow.processes.retrieve(ONE)
        return [request.headers["authorization"] for request in server.received]


async def test_the_forms_of_authentication() -> None:
    """Basic, the published SDKs' base64 bearer, and a bearer token."""
    headers = [
        await authorizations(auth, 200)
        for auth in (BasicAuth("id", "sécret"), Base64BearerAuth("id", "sécret"), BearerAuth("a.b.c"))
    ]

    assert headers == [["Basic aWQ6c8OpY3JldA=="], ["Bearer aWQ6c8OpY3JldA=="], ["Bearer a.b.c"]]


async def test_a_bearer_token_can_be_renewed() -> None:
    """A token that is refused is asked for anew; another one is tried once, the same one is not."""
    plain = iter(["old", "new"])
    renewing = await authorizations(BearerAuth(lambda: next(plain)), 401, 200)

    async def obtain() -> str:
        await asyncio.sleep(0)
        return "same"

    refused = await authorizations(BearerAuth(obtain), 401)
    tokens = iter(["1", "2", "3"])
    twice = await authorizations(BearerAuth(lambda: next(tokens)), 401, 401)

    assert (renewing, refused, twice) == (["Bearer old", "Bearer new"], ["Bearer same"], ["Bearer 1", "Bearer 2"])


async def test_a_renewed_token_sends_the_whole_body_again() -> None:
    """An upload that was refused with 401 is repeated with all its bytes."""
    tokens = iter(["old", "new"])
    script = answering(status(401), status(200, json.dumps(DOCUMENT).encode()))

    async with (
        serving(script) as server,
        KuFlowClient(server.url, auth=BearerAuth(lambda: next(tokens))) as kuflow,
    ):
        await kuflow.processes.upload_document(
            ONE, BytesContent(b"x" * 700_000), file_name="a", content_type="text/plain"
        )

    assert [len(request.body) for request in server.received] == [700_000, 700_000]


def test_nothing_shows_secrets() -> None:
    """Neither the ways to authenticate nor the client show them."""
    auths = [BasicAuth("robot", "hunter2"), Base64BearerAuth("robot", "hunter2"), BearerAuth("hunter2")]

    shown = [repr(auth) for auth in auths] + [repr(KuFlowClient("http://host", auth=auth)) for auth in auths]

    assert shown == [
        "BasicAuth(client_id='robot')",
        "Base64BearerAuth(client_id='robot')",
        "BearerAuth()",
        *["KuFlowClient('http://host')"] * 3,
    ]


async def from_settings(**settings: Any) -> Received:
    """The request that a client of these settings makes."""
    async with (
        serving(answering(status(200, json.dumps(TOKEN).encode()))) as server,
        KuFlowClient.from_settings(KuFlowSettings(endpoint=server.url, **settings)) as kuflow,
    ):
        await kuflow.authentications.create(AuthenticationType.ENGINE_TOKEN)
        return server.received[0]


async def test_a_client_from_settings() -> None:
    """The settings choose the form of authentication and the tenant."""
    secrets = {"client_id": "id", "client_secret": SecretStr("word")}

    basic = await from_settings(**secrets)
    base64 = await from_settings(authentication=KuFlowAuthentication.BASE64_BEARER, tenant_id=ONE, **secrets)
    bearer = await from_settings(authentication=KuFlowAuthentication.BEARER, token=SecretStr("a.b"))

    assert [request.headers["authorization"] for request in (basic, base64, bearer)] == [
        "Basic aWQ6d29yZA==",
        "Bearer aWQ6d29yZA==",
        "Bearer a.b",
    ]
    assert json.loads(base64.body)["tenantId"] == str(ONE)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "set KURUN_KUFLOW_CLIENT_ID or --kuflow-client-id"),
        ({"client_id": "id"}, "set KURUN_KUFLOW_CLIENT_SECRET"),
        ({"authentication": KuFlowAuthentication.BEARER, "client_id": "id"}, "set KURUN_KUFLOW_TOKEN"),
    ],
)
def test_missing_credentials_are_named(settings: dict[str, Any], said: str) -> None:
    """ConfigurationError names the variable and the flag."""
    with pytest.raises(ConfigurationError, match=said):
        KuFlowClient.from_settings(KuFlowSettings(**settings))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_unusable_file_of_authorities_is_named(tmp_path: Path, content: str | None) -> None:
    """ConfigurationError names the variable and the file, whether it is missing or something else."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)

    with pytest.raises(ConfigurationError, match=r"KURUN_KUFLOW_CA_FILE: .*ca\.pem is no file of PEM certificates"):
        KuFlowClient.from_settings(KuFlowSettings(client_id="id", client_secret=SecretStr("word"), ca_file=file))


def test_an_endpoint_with_credentials_is_refused() -> None:
    """They belong into their own settings; the message does not repeat them."""
    with pytest.raises(ValueError, match="without credentials") as caught:
        KuFlowClient("https://robot:hunter2@host/v1", auth=BasicAuth("id", "word"))

    assert "hunter2" not in str(caught.value)


def test_what_the_packages_export() -> None:
    """The public names; whoever changes them changes an interface."""
    assert sorted(kurun_clients.http.__all__) == [
        "AiohttpTransport",
        "ApiClient",
        "ApiError",
        "BadRequest",
        "BaseClient",
        "Conflict",
        "ConnectError",
        "ConnectionLost",
        "Content",
        "DEFAULT_TIMEOUT",
        "ErrorBody",
        "ErrorReason",
        "Exchange",
        "Forbidden",
        "InvalidRequest",
        "InvalidResponse",
        "NotFound",
        "Observer",
        "PayloadTooLarge",
        "Reply",
        "RequestTimeout",
        "RetryPolicy",
        "ServerError",
        "Service",
        "StatusError",
        "StreamedReply",
        "TooManyRequests",
        "TransportError",
        "Unauthorized",
        "UnsupportedMediaType",
    ]
    assert sorted(kurun_clients.kuflow.__all__) == [
        "Base64BearerAuth",
        "BasicAuth",
        "BearerAuth",
        "BytesContent",
        "DocumentContent",
        "DocumentDownload",
        "FileContent",
        "FilterExpression",
        "FilterOperation",
        "KuFlowClient",
        "KuFlowDataSource",
        "KuFlowFile",
        "KuFlowGroup",
        "KuFlowPrincipal",
        "KuFlowProcessRef",
        "MalformedEvent",
        "MalformedFilter",
        "MalformedReference",
        "WebhookEvent",
        "field",
        "parse_event",
    ]
    assert all(hasattr(kurun_clients.kuflow, name) for name in kurun_clients.kuflow.__all__)
    assert not hasattr(kurun_clients.kuflow, "Nothing")


def test_models_come_without_the_network() -> None:
    """Workflows and the twin import models, references, filters and events; no HTTP library comes with them."""
    code = (
        "import sys, kurun_clients.kuflow.models, kurun_clients.kuflow.references, kurun_clients.kuflow.filters,"
        " kurun_clients.kuflow.webhooks;"
        "print([name for name in ('aiohttp', 'httpx2') if name in sys.modules])"
    )
    shown = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert shown.stdout.strip() == "[]"
