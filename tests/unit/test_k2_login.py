"""Logging in to K2 with a browser that comes back to this machine."""

import asyncio
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from kurun_clients.k2 import (
    AuthenticationRefused,
    FileTokenStore,
    K2Error,
    LoginRequired,
    StoredLogin,
    Temporary,
    log_in,
)
from kurun_clients.k2.oauth import endpoint_of
from tests.unit.k2_login_server import Answer, LoginServer, login_server

TIME = timedelta(seconds=20)
Browser = Callable[[str], object]


class Person:
    """Somebody with a browser, who brings answers to the redirect address that the opened one names.

    Args:
        answers: What is brought, one after another; ``state`` is that of the login unless it says otherwise.

    Attributes:
        seen: Status and page of each.
    """

    def __init__(self, *answers: dict[str, str], path: str = "") -> None:
        self.answers = answers
        self.path = path
        self.asked: dict[str, str] = {}
        self.seen: list[tuple[int, str]] = []

    def __call__(self, url: str) -> None:
        """Open an address."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        back = self.asked["redirect_uri"].replace("localhost", "127.0.0.1") + self.path
        for answer in self.answers:
            self.seen.append(fetch(f"{back}?{urlencode({'state': self.asked['state']} | answer)}"))


def fetch(url: str, method: str = "GET") -> tuple[int, str]:
    """Status and page at an address."""
    request = urllib.request.Request(url, method=method)  # noqa: S310 - our own loopback server
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


async def logged_in(
    file: Path,
    browser: Browser,
    *,
    answer: Callable[[], Answer | None] = lambda: None,
    time: timedelta = TIME,
) -> LoginServer:
    """A server, after a login there; ``answer`` is what it gives for the code instead of tokens."""
    async with login_server() as server, endpoint_of(server.settings(file), interactive=True) as endpoint:
        server.answer = answer
        await log_in(endpoint, FileTokenStore(file), open_browser=browser, timeout=time)
    return server


async def failing(file: Path, browser: Browser, answer: Callable[[], Answer | None] = lambda: None) -> K2Error:
    """How a login ends that does not succeed; whatever was kept before is still kept."""
    store = FileTokenStore(file)
    before = StoredLogin("before", "u", "c")
    await store.save(before)
    with pytest.raises(K2Error) as caught:
        await logged_in(file, browser, answer=answer)

    assert await store.load() == before
    assert "c0de" not in str(caught.value)
    assert "app-s3cret" not in str(caught.value)
    return caught.value


async def test_a_login(tmp_path: Path) -> None:
    """The code that the browser brings is exchanged with its verifier, and the refresh token is kept."""
    person = Person({"code": "c0de"})

    server = await logged_in(tmp_path / "login.json", person)

    (form,) = server.forms
    assert (form["grant_type"], form["code"]) == ("authorization_code", "c0de")
    assert form["redirect_uri"] == person.asked["redirect_uri"]
    assert 43 <= len(form["code_verifier"]) <= 128
    assert await FileTokenStore(tmp_path / "login.json").load() == StoredLogin("refresh-1", server.token_url, "app")
    assert [(status, "c0de" in page) for status, page in person.seen] == [(200, False)]


async def test_what_is_no_answer_to_this_login(tmp_path: Path) -> None:
    """Pages that any site may send the browser to change nothing; the answer with the right state is taken, once."""
    person = Person(
        {"code": "evil", "state": "guessed"}, {"code": "evil", "state": ""}, {"code": "c0de"}, {"code": "late"}
    )

    server = await logged_in(tmp_path / "login.json", person)

    assert [status for status, _ in person.seen] == [400, 400, 200, 410]
    assert [form["code"] for form in server.forms] == ["c0de"]


async def test_other_addresses_of_the_redirect_server(tmp_path: Path) -> None:
    """There is nothing but the redirect address, for GET."""
    seen: list[int] = []

    def browser(url: str) -> None:
        person = Person({"code": "c0de"})
        back = parse_qs(urlsplit(url).query)["redirect_uri"][0].replace("localhost", "127.0.0.1")
        seen.extend((fetch(f"{back}favicon.ico")[0], fetch(back, "POST")[0], fetch(back)[0]))
        person(url)

    await logged_in(tmp_path / "login.json", browser)

    assert seen == [404, 405, 400]


async def test_a_person_who_says_no(tmp_path: Path) -> None:
    """The refusal is what the login ends with, and the tokens before it stay."""
    error = await failing(tmp_path / "login.json", Person({"error": "access_denied", "error_description": "cancelled"}))

    assert isinstance(error, AuthenticationRefused)
    assert "cancelled" in str(error)


async def test_nobody_logs_in(tmp_path: Path) -> None:
    """The login ends after its time, and nothing listens any more."""
    person = Person()

    with pytest.raises(LoginRequired, match=r"within 0.05 s.*kurun k2 login"):
        await logged_in(tmp_path / "login.json", person, time=timedelta(seconds=0.05))

    port = urlsplit(person.asked["redirect_uri"]).port
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    assert not (tmp_path / "login.json").exists()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((400, {"error": "invalid_grant", "error_description": "c0de app-s3cret"}), LoginRequired),
        ((401, {"error": "invalid_client"}), AuthenticationRefused),
        ((404, b"c0de"), AuthenticationRefused),
        ((500, b"c0de"), Temporary),
        ((200, b"c0de"), Temporary),
        ((200, {"access_token": "a", "token_type": "Bearer"}), AuthenticationRefused),
    ],
)
async def test_a_code_that_gives_no_refresh_token(tmp_path: Path, answer: Answer, expected: type[K2Error]) -> None:
    """The login before is kept, and no message repeats what was sent."""
    error = await failing(tmp_path / "login.json", Person({"code": "c0de"}), lambda: answer)

    assert type(error) is expected


async def test_a_browser_that_cannot_be_opened(tmp_path: Path) -> None:
    """What goes wrong with it is what the login ends with."""

    def broken(_url: str) -> None:
        raise RuntimeError("no display")

    with pytest.raises(RuntimeError, match="no display"):
        await logged_in(tmp_path / "login.json", broken)


async def test_a_port_of_ones_own(tmp_path: Path) -> None:
    """A redirect address that is registered with its port is listened on; one in use is told of."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        async with login_server() as server, endpoint_of(server.settings(tmp_path / "l"), interactive=True) as endpoint:
            with pytest.raises(OSError, match=str(port)):
                await log_in(endpoint, FileTokenStore(tmp_path / "l"), open_browser=Person(), port=port)

            taken.close()
            person = Person({"code": "c0de"})
            await log_in(endpoint, FileTokenStore(tmp_path / "l"), open_browser=person, port=port, timeout=TIME)

    assert person.asked["redirect_uri"] == f"http://localhost:{port}/"
