"""A secret that is changed under the clients' feet: requests that the old one does not open go on with the new one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from kurun_activities.k2.context import K2Clients
from kurun_clients.http import Unauthorized
from kurun_clients.k2 import WorkflowClient
from kurun_clients.k2.errors import AuthenticationRefused
from kurun_clients.k2.services import ServicesClient
from kurun_clients.kuflow import KuFlowClient
from kurun_config import ConfigurationError, K2Authentication, K2Settings, KuFlowSettings
from tests.unit.k2_login_server import login_server
from tests.unit.loopback import Loopback, Peer, serving

ONE = UUID(int=1)


def guarded(*accepted: str) -> Callable[[Peer], Awaitable[None]]:
    """A server that takes these values of the authorization header."""

    async def script(peer: Peer) -> None:
        while True:
            request = await peer.receive()
            known = request.headers.get("authorization") in accepted
            await peer.answer(404 if known else 401, b"{}")

    return script


def shown(server: Loopback) -> list[str]:
    """The authorization headers that a server saw."""
    return [request.headers["authorization"] for request in server.received]


@pytest.mark.parametrize(
    ("authentication", "old", "new"),
    [
        ("basic", "Basic bWU6b2xk", "Basic bWU6bmV3"),
        ("base64-bearer", "Bearer bWU6b2xk", "Bearer bWU6bmV3"),
        ("bearer", "Bearer old", "Bearer new"),
    ],
)
async def test_a_refused_request_is_made_once_more_with_the_new_secret(authentication: str, old: str, new: str) -> None:
    """KuFlow knows the new secret already; the caller sees nothing of the change."""
    async with serving(guarded(new)) as server:
        given = {"endpoint": server.url, "authentication": authentication, "client_id": "me"}
        before, after = (
            KuFlowSettings.model_validate({**given, "client_secret": secret, "token": secret})
            for secret in ("old", "new")
        )
        async with KuFlowClient.from_settings(before) as kuflow:

            async def look() -> None:
                kuflow.change_credentials(after)

            kuflow.when_refused(look)
            with pytest.raises(Exception, match="404"):
                await kuflow.processes.retrieve(ONE)

    assert shown(server) == [old, new]


async def test_a_secret_that_is_wrong_for_good_is_tried_once() -> None:
    """Where no newer secret is there, the refusal is the answer: no account is locked by guessing."""
    looks: list[int] = []
    async with serving(guarded("nothing")) as server:
        settings = KuFlowSettings.model_validate({"endpoint": server.url, "client_id": "me", "client_secret": "old"})
        async with KuFlowClient.from_settings(settings) as kuflow:

            async def look() -> None:
                looks.append(1)

            kuflow.when_refused(look)
            with pytest.raises(Unauthorized):
                await kuflow.processes.retrieve(ONE)

    assert (len(server.received), looks) == (1, [1])


async def test_a_request_that_crosses_the_change_needs_no_look() -> None:
    """The secret was changed while the request was under way."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.receive()
        arrived.set()
        await go_on.wait()
        await peer.answer(401)
        await peer.receive()
        await peer.answer(404)

    async with serving(script) as server:
        settings = KuFlowSettings.model_validate({"endpoint": server.url, "client_id": "me", "client_secret": "old"})
        async with KuFlowClient.from_settings(settings) as kuflow:
            call = asyncio.create_task(kuflow.processes.retrieve(ONE))
            await arrived.wait()
            kuflow.change_credentials(settings.model_copy(update={"client_secret": SecretStr("new")}))
            go_on.set()
            with pytest.raises(Exception, match="404"):
                await call

    assert shown(server) == ["Basic bWU6b2xk", "Basic bWU6bmV3"]


@asynccontextmanager
async def k2(server: Loopback, password: str) -> AsyncIterator[tuple[WorkflowClient, ServicesClient, K2Settings]]:
    """Both APIs of K2 with Basic, and the settings."""
    settings = K2Settings.model_validate(
        {
            "endpoint": f"{server.url}/api",
            "services_endpoint": f"{server.url}/K2Services",
            "user": "bob",
            "password": password,
        }
    )
    async with WorkflowClient.from_settings(settings) as workflow, ServicesClient.from_settings(settings) as services:
        yield workflow, services, settings


async def test_both_apis_of_k2_learn_a_new_password() -> None:
    """Each call is refused once with the old password and goes on with the new one."""
    async with serving(guarded("Basic Ym9iOm5ldw==")) as server, k2(server, "old") as (workflow, services, settings):
        newer = settings.model_copy(update={"password": SecretStr("new")})
        for client, call in (
            (workflow, workflow.tasks.find),
            (services, services.core.who_am_i),
        ):

            async def look(client: WorkflowClient | ServicesClient = client) -> None:
                client.change_credentials(newer)

            client.when_refused(look)
            with pytest.raises(Exception, match="404"):
                await call()

    assert shown(server) == ["Basic Ym9iOm9sZA==", "Basic Ym9iOm5ldw=="] * 2


async def test_a_refusal_names_the_account_of_now() -> None:
    """After another user has been put in force, not the one that the client began with."""
    async with serving(guarded("nobody")) as server, k2(server, "old") as (workflow, services, settings):
        newer = settings.model_copy(update={"user": "ada"})
        for client, call in ((workflow, workflow.tasks.find), (services, services.core.who_am_i)):
            client.change_credentials(newer)
            with pytest.raises(AuthenticationRefused, match="refuses ada: check"):
                await call()


async def test_one_api_of_k2_that_refuses_keeps_nothing_from_the_other() -> None:
    """A user that Basic cannot show is an error of one API; the other, with NTLM, acts as him all the same."""
    async with serving(guarded("nobody")) as server:
        before = K2Settings.model_validate(
            {
                "endpoint": f"{server.url}/api",
                "services_endpoint": f"{server.url}/K2Services",
                "services_authentication": "ntlm",
                "user": "bob",
                "password": "old",
            }
        )
        clients = K2Clients.from_settings(before)
        with pytest.raises(ConfigurationError):
            clients.change_credentials(before.model_copy(update={"user": "K2:ada"}))
        with pytest.raises(AuthenticationRefused, match="refuses K2:ada: check"):
            await clients.services.core.who_am_i()
        await clients.aclose()


async def test_the_password_grant_learns_a_new_password(tmp_path: Path) -> None:
    """The token endpoint refuses the old password; the newer one gives the token for which a call waits."""
    async with login_server() as server:
        server.answer = lambda: None if server.forms[-1]["password"] == "right" else (400, {"error": "invalid_grant"})
        wrong = server.settings(
            tmp_path / "none",
            authentication=K2Authentication.OAUTH_PASSWORD,
            user="bob",
            password=SecretStr("wrong"),
        )
        right = wrong.model_copy(update={"password": SecretStr("right"), "oauth_client_secret": SecretStr("newer")})
        async with WorkflowClient.from_settings(wrong) as client:

            async def look() -> None:
                client.change_credentials(right)

            client.when_refused(look)
            await client.tasks.find()

    assert [(form["password"], form["client_secret"]) for form in server.forms] == [
        ("wrong", "app-s3cret"),
        ("right", "newer"),
    ]
