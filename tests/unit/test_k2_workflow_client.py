"""The client of K2's Workflow REST API: how calls end, long lists, and how settings make it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import AnyHttpUrl, SecretStr

import kurun_clients.k2
from kurun_clients.http import ApiError
from kurun_clients.http.auth import BasicAuth
from kurun_clients.k2 import (
    AuthenticationRefused,
    GoneOrForbidden,
    Refused,
    Temporary,
    UnknownOutcome,
    WorkflowClient,
)
from kurun_clients.k2.oauth import token_file_of
from kurun_clients.k2.workflow_api.error_body import parse_error
from kurun_config import ConfigurationError, K2Authentication, K2Settings
from tests.unit.loopback import Script, answering, break_off, hang_up, reset, serving, status

AUTH = BasicAuth("bob", "hunter2")
SERIAL = "12_34"
DENIED = b'{"Message":"Task could not be retrieved. Either access denied or not found."}'
ENDPOINT = AnyHttpUrl("http://127.0.0.1:1/api/workflow/v1")
STRAY = [
    b"",
    b"{}",
    b"<html>404 - File or directory not found.</html>",
    b'{"message":"no Route matched with those values"}',
    b'{"Message":"No HTTP resource was found that matches the request URI \'http://x/v1/v1/tasks\'."}',
    b'{"Message":"Not found.","MessageDetail":"No action was found on the controller \'Tasks\'."}',
    b'{"Message":"Not found.","MessageDetail":"No type was found that matches the controller named \'v1\'."}',
]
"""404 without K2's engine: of a gateway, or of an address that leads nowhere."""

BASIC = K2Settings(endpoint=ENDPOINT, user="bob", password=SecretStr("hunter2"))


async def ends(kind: str, *answers: Script) -> tuple[ApiError, int]:
    """How a read or a change ends, and how often it was sent."""
    async with serving(answering(*answers)) as server, WorkflowClient(server.url, auth=AUTH) as k2:
        with pytest.raises(ApiError) as caught:
            await (k2.tasks.retrieve(SERIAL) if kind == "read" else k2.tasks.act(SERIAL, "Approve"))
        return caught.value, len(server.received)


@pytest.mark.parametrize(
    ("kind", "answer", "expected", "sent"),
    [
        ("read", status(404, DENIED), GoneOrForbidden, 1),
        ("read", status(400, DENIED), GoneOrForbidden, 1),
        ("read", status(404, b'{"Message":"There is no workflow 7."}'), GoneOrForbidden, 1),
        *[(kind, status(404, body), Temporary, 1) for kind in ("read", "change") for body in STRAY],
        ("change", status(500, b'{"message":"26030 no free slot"}'), GoneOrForbidden, 1),
        ("change", status(500, b'"24411 not allowed"'), GoneOrForbidden, 1),
        ("change", status(401), AuthenticationRefused, 1),
        ("change", status(403), AuthenticationRefused, 1),
        ("change", status(400, b'{"Message":"wrong"}'), Refused, 1),
        ("change", status(503), Temporary, 1),
        ("change", status(500), UnknownOutcome, 1),
        ("change", status(504), UnknownOutcome, 1),
        ("change", hang_up, UnknownOutcome, 1),
        ("change", reset, UnknownOutcome, 1),
        ("change", break_off, UnknownOutcome, 1),
        ("read", status(200, b"\xff\xfe{\x00}\x00"), Temporary, 1),
        ("read", status(200, b"{}"), Temporary, 1),
        ("read", hang_up, Temporary, 3),
        ("read", break_off, Temporary, 3),
        ("read", status(503), Temporary, 3),
    ],
)
async def test_how_a_call_ends(kind: str, answer: Script, expected: type[ApiError], sent: int) -> None:
    """Each end has its outcome class. A read is repeated; what may have changed something is sent once."""
    error, count = await ends(kind, answer)

    assert (type(error), count) == (expected, sent)
    assert isinstance(error.__cause__, ApiError)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (401, "K2 at {url} refuses ACME\\Bob: check k2.user and k2.password (GET /tasks: 401 Unauthorized)"),
        (403, "K2 at {url} forbids this to ACME\\Bob: a right may be missing (GET /tasks: 403 Forbidden)"),
        (404, "K2 at {url}: GET /tasks: 404 Not Found: is k2.endpoint right?"),
        (302, "K2 at {host}: GET /tasks: 302 Found"),
    ],
)
async def test_what_a_person_has_to_look_at(code: int, expected: str) -> None:
    """A message names K2, its address, the user and the setting that may be wrong, and holds no secret."""
    auth = BasicAuth("ACME\\Bob", "hunter2")
    async with serving(answering(status(code, b""))) as server, WorkflowClient(server.url, auth=auth) as k2:
        with pytest.raises(ApiError) as caught:
            await k2.tasks.find()

    assert expected.format(url=server.url, host=server.url.partition("://")[2]) == str(caught.value)


async def test_k2_that_is_not_there() -> None:
    """The message says whom nobody reached."""
    async with WorkflowClient.from_settings(BASIC.model_copy(update={"retries": 0})) as k2:
        with pytest.raises(Temporary, match=r"^K2 at 127\.0\.0\.1:1: GET /tasks: cannot connect"):
            await k2.tasks.find()


async def test_a_change_that_nobody_acted_on_is_repeated() -> None:
    """503 with Retry-After says that K2 did not act: the call is made again."""
    script = answering(status(503, b"", retry_after="0"), status(200, b""))

    async with serving(script) as server, WorkflowClient(server.url, auth=AUTH) as k2:
        await k2.tasks.act(SERIAL, "Approve")

    assert len(server.received) == 2


@pytest.mark.parametrize("answer", [b"", b"{}", b"true", b'"x"', b"0", b"[1]", b"{", b"1.5", b'"' + b"9" * 30 + b'"'])
async def test_a_start_without_an_id(answer: bytes) -> None:
    """K2 agreed but names no instance: it may well run, and only looking can tell."""
    async with serving(answering(status(200, answer))) as server, WorkflowClient(server.url, auth=AUTH) as k2:
        with pytest.raises(UnknownOutcome, match="no instance id"):
            await k2.workflows.start(7, check=False)


@pytest.mark.parametrize(
    ("body", "message", "details"),
    [
        (b'{"Message":"no"}', "no", None),
        (b'{"mESSAGE":"no"}', "no", None),
        (b'"no"', "no", None),
        (b'{"Message":"no","MessageDetail":"really"}', "no", ["really"]),
        (b'{"Message":"An error.","ExceptionMessage":"24411 gone"}', "24411 gone", ["An error."]),
        (b'{"Message":7}', None, None),
        (b"<html>", None, None),
        (b"[]", None, None),
    ],
)
def test_the_body_of_an_error(body: bytes, message: str | None, details: list[str] | None) -> None:
    """Its message is found in any case; the engine's own text counts more than a general one beside it."""
    found = parse_error(body)

    assert (found.message if found else None) == message
    assert ([each.message for each in found.errors] if found and found.errors else None) == details


async def test_ten_thousand_tasks() -> None:
    """A list is one answer, however long, and every task of it is there."""
    tasks = [
        {"serialNumber": f"{n}_1", "status": "Available", "actions": {"batchableActions": ["a"]}} for n in range(10_000)
    ]
    body = json.dumps({"itemCount": 10_000, "tasks": tasks}).encode()

    async with serving(answering(status(200, body))) as server, WorkflowClient(server.url, auth=AUTH) as k2:
        listed = await k2.tasks.find()

    assert len(body) > 256 * 1024
    assert (listed.item_count, len(listed.tasks), listed.tasks[9_999].serial_number) == (10_000, 10_000, "9999_1")


@pytest.mark.parametrize("broken", [b'"tasks":[{"serialNumber":null}]', b'"tasks":7', b'"tasks":[', b'"tasks":[7]'])
async def test_a_long_list_that_cannot_be_read(broken: bytes) -> None:
    """A long list with anything wrong in it is a typed error that nothing follows from."""
    body = b'{"padding":"' + b"x" * 300_000 + b'",' + broken + b"}"

    async with serving(answering(status(200, body))) as server, WorkflowClient(server.url, auth=AUTH) as k2:
        with pytest.raises(Temporary, match="GET /tasks: 200 with a body"):
            await k2.tasks.find()


@pytest.mark.parametrize("answer", [b"{}", b'{"itemCount":3}', b'{"Message":"busy"}', b"[]", b"<html>"])
async def test_what_is_no_list(answer: bytes) -> None:
    """It must not look like an account whose tasks are all gone, which would close what shows them."""
    async with serving(answering(status(200, answer))) as server, WorkflowClient(server.url, auth=AUTH) as k2:
        with pytest.raises(Temporary, match="GET /tasks: 200 with a body"):
            await k2.tasks.find()


async def test_a_list_beyond_the_limit() -> None:
    """A list larger than the setting allows is not read to its end."""
    settings = BASIC.model_copy(update={"max_list_bytes": 1000})
    body = b'{"tasks":[' + b" " * 2000 + b"]}"

    async with serving(answering(status(200, body))) as server:
        settings = settings.model_copy(update={"endpoint": AnyHttpUrl(server.url)})
        async with WorkflowClient.from_settings(settings) as k2:
            with pytest.raises(Temporary, match="larger than 1000 bytes"):
                await k2.tasks.find()


async def test_a_client_out_of_settings() -> None:
    """The settings' account and address are what calls are made with; the password shows nowhere."""
    async with serving(answering(status(200, b'{"tasks":[]}'))) as server:
        address = AnyHttpUrl(f"{server.url}/api/workflow/v1/")
        async with WorkflowClient.from_settings(BASIC.model_copy(update={"endpoint": address})) as k2:
            await k2.tasks.find()

    assert server.received[0].target == "/api/workflow/v1/tasks"
    assert server.received[0].headers["authorization"] == "Basic Ym9iOmh1bnRlcjI="
    assert "hunter2" not in repr(k2)


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"endpoint": None}, "KURUN_K2_ENDPOINT"),
        ({"user": None}, "KURUN_K2_USER"),
        ({"password": None}, "KURUN_K2_PASSWORD"),
        ({"password": SecretStr("")}, "KURUN_K2_PASSWORD"),
        ({"user": "K2:DENALLIX\\Bob"}, "KURUN_K2_USER"),
        ({"endpoint": AnyHttpUrl("https://k2.example.com/api?x=1")}, "KURUN_K2_ENDPOINT"),
        ({"ca_file": Path("/nowhere/ca.pem")}, "KURUN_K2_CA_FILE"),
        ({"authentication": K2Authentication.OAUTH}, "KURUN_K2_OAUTH_TOKEN_URL"),
        (
            {
                "authentication": K2Authentication.OAUTH,
                "oauth_token_url": AnyHttpUrl("https://login.example.com/token"),
            },
            "KURUN_K2_OAUTH_CLIENT_ID",
        ),
        (
            {
                "authentication": K2Authentication.OAUTH,
                "oauth_token_url": AnyHttpUrl("https://login.example.com/token?x=1"),
                "oauth_client_id": "app",
            },
            "KURUN_K2_OAUTH_TOKEN_URL",
        ),
        (
            {
                "authentication": K2Authentication.OAUTH_PASSWORD,
                "oauth_token_url": AnyHttpUrl("https://login.example.com/token"),
                "oauth_client_id": "app",
                "user": None,
            },
            "KURUN_K2_USER",
        ),
    ],
)
def test_settings_that_make_no_client(changes: dict[str, Any], variable: str) -> None:
    """What is missing or unusable is named by the variable that sets it, without its value."""
    with pytest.raises(ConfigurationError) as caught:
        WorkflowClient.from_settings(BASIC.model_copy(update=changes))

    assert variable in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_file_of_the_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is the file that is set, else one for each account in the user's state folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    named = BASIC.model_copy(update={"oauth_token_file": tmp_path / "mine"})
    account = BASIC.model_copy(update={"account": "acme"})

    assert token_file_of(named) == tmp_path / "mine"
    assert token_file_of(account) == tmp_path / "kurun" / "k2-login-acme.json"

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert token_file_of(BASIC) == tmp_path / ".local" / "state" / "kurun" / "k2-login-k2.json"


async def test_a_timeout_of_a_change_is_unknown() -> None:
    """K2 may have acted on what it does not answer in time."""
    settings = BASIC.model_copy(update={"timeout": timedelta(seconds=0.05)})

    async def silent(peer: Any) -> None:
        await peer.receive()
        await peer.until_gone()

    async with serving(silent) as server:
        settings = settings.model_copy(update={"endpoint": AnyHttpUrl(server.url)})
        async with WorkflowClient.from_settings(settings) as k2:
            with pytest.raises(UnknownOutcome):
                await k2.server_events.finish(SERIAL)

    assert len(server.received) == 1


def test_everything_exported_is_there() -> None:
    """Each name of the package can be imported from it, and nothing else can."""
    missing = [name for name in kurun_clients.k2.__all__ if not hasattr(kurun_clients.k2, name)]

    assert missing == []
    assert not hasattr(kurun_clients.k2, "nonsense")
