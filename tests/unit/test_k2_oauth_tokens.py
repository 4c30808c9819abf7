"""The access token in use: renewed early, once for all, and what is done when it cannot be."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from kurun_clients.k2 import (
    AuthenticationRefused,
    FileTokenStore,
    K2Error,
    LoginRequired,
    StoredLogin,
    Temporary,
    WorkflowClient,
)
from kurun_clients.k2.oauth import AccessTokens, OAuthAuth, PasswordGrant, RefreshGrant, TokenStore, endpoint_of
from kurun_config import K2Authentication
from tests.unit.k2_login_server import Answer, LoginServer, login_server

SERIAL = "12_34"
DOWN: Answer = (503, {})


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """What it shows."""
        return self.now


@asynccontextmanager
async def logged_in(
    tmp_path: Path, *, clock: Clock | None = None, store: TokenStore | None = None
) -> AsyncIterator[tuple[LoginServer, WorkflowClient]]:
    """A server, and a client that has logged in there; no failure keeps it from trying again at once."""
    async with login_server() as server:
        await server.logged_in(tmp_path / "login.json")
        grant = RefreshGrant(
            endpoint_of(server.settings(tmp_path / "login.json")), store or FileTokenStore(tmp_path / "login.json")
        )
        tokens = AccessTokens(grant, failure_pause=0, clock=clock or Clock())
        async with WorkflowClient(f"{server.url}/api", auth=OAuthAuth(tokens), retries=0) as k2:
            yield server, k2


async def error_of(call: Awaitable[object]) -> K2Error:
    """How a call ends; no secret is in the message, nor in those of its causes."""
    with pytest.raises(K2Error) as caught:
        await call
    causes: list[BaseException] = [caught.value]
    while (cause := causes[-1].__cause__) is not None:
        causes.append(cause)
    assert not any(secret in str(error) for error in causes for secret in ("refresh-", "access-", "app-s3cret"))
    return caught.value


async def until(reached: Callable[[], bool]) -> None:
    """Let the loop run until something is so."""
    async with asyncio.timeout(10):
        while not reached():
            await asyncio.sleep(0)


async def test_the_first_call_gets_a_token(tmp_path: Path) -> None:
    """The kept refresh token gives an access token, and the one that replaces it is kept."""
    async with logged_in(tmp_path) as (server, k2):
        await k2.tasks.find()
        await k2.tasks.release(SERIAL)

    assert (server.calls, len(server.forms)) == (2, 1)
    assert await FileTokenStore(tmp_path / "login.json").load() == StoredLogin("refresh-1", server.token_url, "app")


async def test_a_hundred_calls_at_once_without_a_token(tmp_path: Path) -> None:
    """They wait for one token."""
    async with logged_in(tmp_path) as (server, k2):
        await asyncio.gather(*(k2.tasks.find() for _ in range(100)))

    assert (server.calls, len(server.forms)) == (100, 1)


async def test_a_hundred_calls_at_once_with_a_refused_token(tmp_path: Path) -> None:
    """K2 refuses the token in use to all of them: one renewal, and no call fails, whether it reads or changes."""
    async with logged_in(tmp_path) as (server, k2):
        await k2.tasks.find()
        server.good.clear()
        calls: list[Awaitable[object]] = [k2.tasks.find() for _ in range(50)]
        calls += [k2.tasks.act(SERIAL, "Approve") for _ in range(50)]

        await asyncio.gather(*calls)

    assert (server.calls, len(server.forms)) == (101, 2)


async def test_a_token_is_renewed_before_its_end(tmp_path: Path) -> None:
    """Within the margin the old token is still used, while one renewal runs beside the calls."""
    clock = Clock()
    async with logged_in(tmp_path, clock=clock) as (server, k2):
        await k2.tasks.find()
        clock.now += 3600 - 300 - 1
        await k2.tasks.find()
        assert len(server.forms) == 1

        clock.now += 70  # past the jitter
        await asyncio.gather(*(k2.tasks.find() for _ in range(20)))
        await until(lambda: server.refresh_token == "refresh-2")
        server.good.discard("access-1")
        await k2.tasks.find()

    assert (server.calls, len(server.forms)) == (23, 2)


async def test_a_short_token_is_used_for_half_its_life(tmp_path: Path) -> None:
    """The margin is at most half the life: a token that lives shorter than the margin is not renewed at each call."""
    clock = Clock()
    async with logged_in(tmp_path, clock=clock) as (server, k2):
        server.expires_in = 60
        await k2.tasks.find()
        clock.now += 29
        await k2.tasks.find()

    assert len(server.forms) == 1


async def test_a_renewal_that_fails_while_the_token_is_good(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No call fails: the token is used to its end, and the log says what is wrong."""
    clock = Clock()
    async with logged_in(tmp_path, clock=clock) as (server, k2):
        await k2.tasks.find()
        server.answer = lambda: DOWN
        clock.now += 3500
        with caplog.at_level(logging.WARNING):
            await k2.tasks.find()
            await until(lambda: "not renewed" in caplog.text)
        await k2.tasks.find()

        clock.now += 101
        error = await error_of(k2.tasks.act(SERIAL, "Approve"))

    assert (type(error), server.calls) == (Temporary, 3)


async def test_the_same_failure_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """However often the renewal is tried: only another failure is said again, and once that it is over."""
    clock = Clock()
    async with logged_in(tmp_path, clock=clock) as (server, k2):
        with caplog.at_level(logging.INFO, logger="kurun_clients.k2.oauth.tokens"):
            for answer in (DOWN, DOWN, DOWN, (429, {}), (429, {}), DOWN):
                server.answer = lambda answer=answer: answer  # type: ignore[misc]
                await error_of(k2.tasks.find())
            server.answer = lambda: None
            await k2.tasks.find()
            clock.now += 4000
            await k2.tasks.find()

    said = [(record.levelname, record.getMessage()[:40]) for record in caplog.records]
    failed, over = "the K2 access token is not renewed: K2's", "the K2 access token is renewed again"
    assert [("WARNING", failed)] * 3 + [("INFO", over)] == said
    assert ["503", "429", "503"] == [record.getMessage()[-3:] for record in caplog.records[:3]]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (DOWN, Temporary),
        ((429, {}), Temporary),
        ((200, b"<html>"), Temporary),
        ((500, b"refresh-0"), Temporary),
        ((404, b"refresh-0"), AuthenticationRefused),
        ((400, b"refresh-0 app-s3cret"), AuthenticationRefused),
        ((302, b""), AuthenticationRefused),
        ((401, {"error": "invalid_client", "error_description": "app-s3cret refresh-0"}), AuthenticationRefused),
        ((400, {"error": "invalid_grant", "error_description": "refresh-0"}), LoginRequired),
    ],
)
async def test_answers_without_a_token(tmp_path: Path, answer: tuple[int, Any], expected: type[K2Error]) -> None:
    """A call without a token ends in the class that says what helps, K2 is not asked, and a later call succeeds."""
    async with logged_in(tmp_path) as (server, k2):
        server.answer = lambda: answer
        error = await error_of(k2.tasks.act(SERIAL, "Approve"))
        server.answer = lambda: None
        await server.logged_in(tmp_path / "login.json")
        if expected is not LoginRequired:
            await k2.tasks.find()

    assert type(error) is expected
    assert server.calls == (0 if expected is LoginRequired else 1)


async def test_a_token_endpoint_that_is_not_there(tmp_path: Path) -> None:
    """Nothing was done at K2, and later it may be."""
    async with login_server() as server:
        settings = server.settings(tmp_path / "login.json")
        await server.logged_in(tmp_path / "login.json")
    async with WorkflowClient.from_settings(settings) as k2:
        error = await error_of(k2.tasks.act(SERIAL, "Approve"))

    assert type(error) is Temporary
    assert "token endpoint cannot be reached" in str(error)


async def test_a_revoked_refresh_token(tmp_path: Path) -> None:
    """The error says to log in again; the token is not sent again, and a new login is taken up without a restart."""
    async with logged_in(tmp_path) as (server, k2):
        server.refresh_token = "refresh-7"
        errors = [await error_of(k2.tasks.find()) for _ in range(3)]
        asked = len(server.forms)
        await server.logged_in(tmp_path / "login.json")
        await k2.tasks.find()

    assert [type(error) for error in errors] == [LoginRequired] * 3
    assert all("kurun k2 login" in str(error) for error in errors)
    assert (asked, server.calls) == (1, 1)


async def test_nobody_has_logged_in(tmp_path: Path) -> None:
    """The error says what to do, and nothing is asked of anybody."""
    async with (
        login_server() as server,
        WorkflowClient.from_settings(server.settings(tmp_path / "login.json")) as k2,
    ):
        error = await error_of(k2.tasks.find())

    assert type(error) is LoginRequired
    assert "kurun k2 login" in str(error)
    assert server.forms == []


@pytest.mark.parametrize("login", [StoredLogin("refresh-0", "u", "app"), StoredLogin("refresh-0", "", "other")])
async def test_the_login_of_another_application(tmp_path: Path, login: StoredLogin) -> None:
    """A refresh token is sent to the endpoint that gave it, by the application that got it, and to nobody else."""
    async with logged_in(tmp_path) as (server, k2):
        login = StoredLogin(login.refresh_token, login.token_url or server.token_url, login.client_id)
        await FileTokenStore(tmp_path / "login.json").save(login)
        error = await error_of(k2.tasks.find())

    assert type(error) is LoginRequired
    assert server.forms == []


async def test_k2_refuses_every_token(tmp_path: Path) -> None:
    """A new token that K2 refuses as well is not replaced by another at each call."""
    clock = Clock()
    async with logged_in(tmp_path, clock=clock) as (server, k2):
        server.good = type("Nothing", (set,), {"add": lambda *_: None})()
        errors = [await error_of(k2.tasks.find()) for _ in range(5)]
        asked = len(server.forms)
        clock.now += 61
        errors.append(await error_of(k2.tasks.find()))

    assert [type(error) for error in errors] == [AuthenticationRefused] * 6
    assert all("refuses the login of k2.oauth_client_id: run `kurun k2 login`" in str(error) for error in errors)
    assert (asked, len(server.forms)) == (2, 3)


async def test_failures_are_not_repeated_at_once(tmp_path: Path) -> None:
    """For some seconds after a renewal that failed calls fail alike, and the token endpoint is left alone."""
    async with login_server() as server:
        await server.logged_in(tmp_path / "login.json")
        server.answer = lambda: DOWN
        async with WorkflowClient.from_settings(server.settings(tmp_path / "login.json")) as k2:
            errors = [await error_of(k2.tasks.find()) for _ in range(10)]

    assert {type(error) for error in errors} == {Temporary}
    assert len(server.forms) == 1


async def test_clients_that_share_a_login(tmp_path: Path) -> None:
    """Each use of the refresh token ends the one before: several clients at once never use an old one."""
    async with login_server() as server:
        await server.logged_in(tmp_path / "login.json")
        clients = [WorkflowClient.from_settings(server.settings(tmp_path / "login.json")) for _ in range(5)]
        await asyncio.gather(*(client.tasks.find() for client in clients))
        for client in clients:
            await client.aclose()

    assert (server.calls, server.issued, len(server.forms)) == (5, 5, 5)


async def test_a_call_that_is_cancelled_ends_no_renewal(tmp_path: Path) -> None:
    """The answer may hold the only refresh token that is good: it is kept, whoever still waits, also at the end."""
    async with logged_in(tmp_path) as (server, k2):
        call = asyncio.ensure_future(k2.tasks.find())
        await until(lambda: bool(server.forms))
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    kept = await FileTokenStore(tmp_path / "login.json").load()
    assert (kept and kept.refresh_token, server.calls) == ("refresh-1", 0)


class Forgetful(FileTokenStore):
    """A store that cannot be written for a while."""

    broken = True

    async def save(self, login: StoredLogin) -> None:
        """Keep a login, or not."""
        if self.broken:
            raise Temporary("the disk is full")
        await super().save(login)


async def test_a_store_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The new refresh token is used out of memory, and kept as soon as that is possible."""
    clock = Clock()
    store = Forgetful(tmp_path / "login.json")
    async with logged_in(tmp_path, clock=clock, store=store) as (server, k2):
        await k2.tasks.find()
        clock.now += 3601
        await k2.tasks.find()
        store.broken = False
        clock.now += 3601
        await k2.tasks.find()

    kept = await store.load()
    assert (kept and kept.refresh_token, server.calls) == ("refresh-3", 3)
    assert "disk is full" in caplog.text
    assert "refresh-" not in caplog.text


async def test_the_password_grant(tmp_path: Path) -> None:
    """User and password give a token, and another one when K2 refuses it; nothing is kept in a file."""
    async with login_server() as server:
        changes = {
            "authentication": K2Authentication.OAUTH_PASSWORD,
            "user": "bob@example.com",
            "password": SecretStr("hunter2"),
            "oauth_renewal_margin": timedelta(seconds=1),
        }
        async with WorkflowClient.from_settings(server.settings(tmp_path / "login.json", **changes)) as k2:
            await k2.tasks.find()
            server.good.clear()
            await k2.tasks.find()
            server.good = type("Nothing", (set,), {"add": lambda *_: None})()
            refused = await error_of(k2.tasks.find())

    assert "refuses bob@example.com: check k2.user and k2.password" in str(refused)
    assert [(form["grant_type"], form["username"], form["scope"]) for form in server.forms] == [
        ("password", "bob@example.com", "openid")
    ] * 3
    assert list(tmp_path.iterdir()) == []


async def test_a_wrong_password(tmp_path: Path) -> None:
    """It is refused, and no login in a browser would help."""
    async with login_server() as server:
        server.answer = lambda: (400, {"error": "invalid_grant", "error_description": "hunter2 is wrong"})
        grant = PasswordGrant(endpoint_of(server.settings(tmp_path / "l")), "bob", SecretStr("hunter2"))
        async with WorkflowClient(server.url, auth=OAuthAuth(AccessTokens(grant))) as k2:
            error = await error_of(k2.tasks.find())

    assert type(error) is AuthenticationRefused
    assert "check k2.user and k2.password" in str(error)
    assert "hunter2" not in f"{error}{grant!r}"
