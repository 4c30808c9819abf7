"""The twin's OAuth server for K2."""

import base64
import hashlib
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from tests.unit.k2_twins import PASSWORD, K2Twin, open_k2_twin
from tests.unit.twins import Json

RESOURCE = "https://api.k2.com/"
CALLBACK = "http://127.0.0.1:8400/callback?from=k2"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[K2Twin]:
    """A twin with K2 that logs people in by a parameter."""
    with open_k2_twin(tmp_path, k2_oauth_auto_login=True) as opened:
        yield opened


def _wanted(twin: K2Twin, **changes: str | None) -> dict[str, str]:
    usual = {
        "response_type": "code",
        "client_id": twin.k2.credentials.client_id,
        "redirect_uri": CALLBACK,
        "state": "s&1",
        "resource": RESOURCE,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "login_hint": "ACME\\Bob",
        "auto": "1",
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


async def _authorize(twin: K2Twin, **changes: str | None) -> httpx2.Response:
    async with twin.client(None, "") as client:
        return await client.get("/oauth2/authorize", params=_wanted(twin, **changes))


def _sent_back(answer: httpx2.Response) -> dict[str, str]:
    """What the program is told by the address to which the person is sent."""
    address = answer.headers["location"]
    assert (answer.status_code, address.split("?")[0]) == (302, CALLBACK.split("?", maxsplit=1)[0])
    return dict(parse_qsl(urlsplit(address).query))


async def _token(twin: K2Twin, **given: str | None) -> httpx2.Response:
    credentials = twin.k2.credentials
    form = {"client_id": credentials.client_id, "client_secret": credentials.client_secret, **given}
    async with twin.client(None, "") as client:
        return await client.post(
            "/oauth2/token", data={name: value for name, value in form.items() if value is not None}
        )


async def _by_password(twin: K2Twin, user: str = "svc") -> Json:
    answer = await _token(twin, grant_type="password", username=user, password=PASSWORD, resource=RESOURCE)
    body: Json = answer.json()
    assert answer.status_code == 200, body
    return body


async def _whose(twin: K2Twin, access_token: str) -> int:
    """The status of a call with an access token."""
    async with twin.client(None) as client:
        answer = await client.get("/tasks", headers={"Authorization": f"Bearer {access_token}"})
    return answer.status_code


async def test_a_code_becomes_tokens_of_the_person(twin: K2Twin) -> None:
    """The state comes back, the code is good once, and the token opens that person's task list."""
    twin.start()
    back = _sent_back(await _authorize(twin))
    exchange = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": CALLBACK}
    answer = await _token(twin, **exchange, code_verifier=VERIFIER)
    again = await _token(twin, **exchange, code_verifier=VERIFIER)
    tokens: Json = answer.json()
    async with twin.client(None) as client:
        listed = await client.get("/tasks", headers={"Authorization": f"bearer {tokens['access_token']}"})

    assert ("k2", "s&1") == (back["from"], back["state"])
    assert ("Bearer", 3600, RESOURCE) == (tokens["token_type"], tokens["expires_in"], tokens["resource"])
    assert "no-store" == answer.headers["cache-control"]
    assert [twin.serial("Bob")] == [each["serialNumber"] for each in listed.json()["tasks"]]
    assert (400, "invalid_grant") == (again.status_code, again.json()["error"])


async def test_a_person_logs_in_on_the_page(tmp_path: Path) -> None:
    """The form carries everything on; a wrong password shows it again; ``auto`` does nothing unless it is allowed."""
    with open_k2_twin(tmp_path) as twin:
        page = await _authorize(twin, state='"><script>')
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
        form = {name: html.unescape(value) for name, value in fields.items()}
        async with twin.client(None, "") as client:
            wrong = await client.post("/oauth2/authorize", data={**form, "password": "no"})
            right = await client.post("/oauth2/authorize", data={**form, "password": PASSWORD})

    assert (200, 403) == (page.status_code, wrong.status_code)
    assert "<script>" not in page.text
    assert "is wrong" in wrong.text
    assert '"><script>' == _sent_back(right)["state"]
    assert "code" in _sent_back(right)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "other"}, "unauthorized_client"),
        ({"client_id": None}, "unauthorized_client"),
        ({"redirect_uri": "https://example.com/"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1.example.com/"}, "invalid_request"),
        ({"redirect_uri": "http://[/"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
    ],
)
async def test_nobody_is_sent_to_an_address_that_cannot_be_trusted(
    twin: K2Twin, changes: dict[str, str | None], error: str
) -> None:
    """Only addresses on this machine, and only for the application that is registered."""
    answer = await _authorize(twin, **changes)

    assert (400, error) == (answer.status_code, answer.json()["error"])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"resource": "https://api.k2.com"}, "invalid_resource"),
        ({"resource": None}, "invalid_resource"),
        ({"code_challenge_method": "MD5"}, "invalid_request"),
        ({"login_hint": "nobody"}, "access_denied"),
    ],
)
async def test_other_mistakes_are_told_to_the_program(twin: K2Twin, changes: dict[str, str | None], error: str) -> None:
    """The person is sent back with the error and the state."""
    back = _sent_back(await _authorize(twin, **changes))

    assert (error, "s&1") == (back["error"], back["state"])


@pytest.mark.parametrize(
    ("given", "status", "error"),
    [
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
        ({"password": "no"}, 400, "invalid_grant"),
        ({"username": None}, 400, "invalid_request"),
        ({"resource": None}, 400, "invalid_resource"),
        ({"resource": "https://graph.microsoft.com/"}, 400, "invalid_resource"),
        ({"client_secret": "no"}, 401, "invalid_client"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "no"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "no", "redirect_uri": CALLBACK}, 400, "invalid_grant"),
    ],
)
async def test_wrong_token_requests(twin: K2Twin, given: dict[str, str | None], status: int, error: str) -> None:
    """Each is answered with an error of RFC 6749, section 5.2."""
    usual: dict[str, Any] = {
        "grant_type": "password",
        "username": "svc",
        "password": PASSWORD,
        "resource": RESOURCE,
    }
    answer = await _token(twin, **{**usual, **given})

    assert (status, error) == (answer.status_code, answer.json()["error"])


@pytest.mark.parametrize(
    "changes", [{"code_verifier": "w" * 43}, {"code_verifier": None}, {"redirect_uri": "http://localhost/"}]
)
async def test_a_code_is_for_who_asked_for_it(twin: K2Twin, changes: dict[str, str | None]) -> None:
    """The verifier and the address must be those of the request for the code."""
    code = _sent_back(await _authorize(twin))["code"]
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    answer = await _token(twin, **{**given, **changes})

    assert (400, "invalid_grant") == (answer.status_code, answer.json()["error"])


async def test_the_client_may_show_its_secret_in_the_header(twin: K2Twin) -> None:
    """HTTP Basic, as RFC 6749 recommends; a wrong one is answered with a challenge."""
    credentials = twin.k2.credentials
    form = {"grant_type": "password", "username": "svc", "password": PASSWORD, "resource": RESOURCE}
    async with twin.client(None, "") as client:
        right = await client.post("/oauth2/token", data=form, auth=(credentials.client_id, credentials.client_secret))
        wrong = await client.post("/oauth2/token", data=form, auth=(credentials.client_id, "no"))

    assert (200, 401) == (right.status_code, wrong.status_code)
    assert "www-authenticate" in wrong.headers


async def test_a_refresh_token_is_good_once(twin: K2Twin) -> None:
    """It brings the next one, which works."""
    first = await _by_password(twin)
    second = (await _token(twin, grant_type="refresh_token", refresh_token=first["refresh_token"])).json()
    old = await _token(twin, grant_type="refresh_token", refresh_token=first["refresh_token"])
    third = await _token(twin, grant_type="refresh_token", refresh_token=second["refresh_token"])

    assert (400, "invalid_grant", 200) == (old.status_code, old.json()["error"], third.status_code)
    assert [200, 200] == [await _whose(twin, each["access_token"]) for each in (first, second)]


async def test_refresh_tokens_can_stay_good(tmp_path: Path) -> None:
    """Azure AD's first version lets them; it also writes ``expires_in`` as text."""
    with open_k2_twin(tmp_path, k2_oauth_rotates=False, k2_oauth_text_numbers=True) as twin:
        first = await _by_password(twin)
        answers = [await _token(twin, grant_type="refresh_token", refresh_token=first["refresh_token"]) for _ in "ab"]

        assert [(first["refresh_token"], "3600")] * 2 == [
            (each.json()["refresh_token"], each.json()["expires_in"]) for each in answers
        ]


async def test_an_access_token_ends(twin: K2Twin) -> None:
    """After its life it is refused like any other, and the refresh token brings a new one."""
    tokens = await _by_password(twin)
    statuses = [await _whose(twin, tokens["access_token"])]
    twin.clock.forward(3600)
    statuses.append(await _whose(twin, tokens["access_token"]))
    renewed = await _token(twin, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    statuses.append(await _whose(twin, renewed.json()["access_token"]))

    assert [200, 401, 200] == statuses


async def test_tokens_can_be_revoked(twin: K2Twin) -> None:
    """The twin's own operation ends one kind or all, of one account or of all."""
    bob, eve = await _by_password(twin, "Bob"), await _by_password(twin, "Eve")
    async with twin.steering() as client:
        answers = [
            await client.delete(f"/k2/tokens?{query}") for query in ("user=Bob&kind=refresh", "kind=x", "user=x")
        ]
        refused = await _token(twin, grant_type="refresh_token", refresh_token=bob["refresh_token"])
        still_good = await _whose(twin, bob["access_token"])
        await client.delete("/k2/tokens")

    assert [200, 400, 400] == [each.status_code for each in answers]
    assert ({"revoked": 1}, "invalid_grant", 200) == (answers[0].json(), refused.json()["error"], still_good)
    assert [401, 401] == [await _whose(twin, each["access_token"]) for each in (bob, eve)]


async def test_tokens_survive_a_restart(tmp_path: Path) -> None:
    """They are in the database, where nobody can read them: only their digests are kept."""
    with open_k2_twin(tmp_path) as twin:
        tokens = await _by_password(twin)
    content = b"".join(each.read_bytes() for each in tmp_path.glob("twin.db*"))
    with open_k2_twin(tmp_path) as twin:
        assert await _whose(twin, tokens["access_token"]) == 200

    assert tokens["refresh_token"].encode() not in content


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/oauth2/token", 405), ("PUT", "/oauth2/authorize", 405), ("GET", "/oauth2/other", 404)],
)
async def test_what_the_server_has_not(twin: K2Twin, method: str, path: str, status: int) -> None:
    """Other methods and paths."""
    async with twin.client(None, "") as client:
        answer = await client.request(method, path)

    assert status == answer.status_code


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"grant_type=password&grant_type=password", "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 400),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"\xff", "application/x-www-form-urlencoded", 400),
    ],
)
async def test_forms_that_cannot_be_read(twin: K2Twin, content: bytes, content_type: str, status: int) -> None:
    """Repeated parameters, other types, too much, and what is no text."""
    async with twin.client(None, "") as client:
        answer = await client.post("/oauth2/token", content=content, headers={"Content-Type": content_type})

    assert (status, "invalid_request") == (answer.status_code, answer.json()["error"])
