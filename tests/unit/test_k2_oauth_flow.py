"""OAuth for K2 without any network: what is asked, and what the answers mean."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from pydantic import SecretStr

from kurun_clients.k2 import AuthenticationRefused, K2Error, LoginRequired, Temporary
from kurun_clients.k2.oauth.flow import (
    UNSTATED_LIFE,
    AuthorizationCode,
    OAuthApplication,
    password_request,
    read_answer,
    refresh_request,
)

LOGIN = "https://login.example.com/tenant/oauth2"
APPLICATION = OAuthApplication(
    token_url=f"{LOGIN}/token",
    client_id="app",
    client_secret=SecretStr("app-s3cret"),
    authorization_url=f"{LOGIN}/authorize",
)
PUBLIC = OAuthApplication(token_url=f"{LOGIN}/token", client_id="app", authorization_url=f"{LOGIN}/authorize")
REDIRECT = "http://localhost:5000/"
REFRESH = refresh_request(APPLICATION, "r3fresh")
PASSWORD = password_request(APPLICATION, "bob", "hunter2")
TOKENS = {"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": 3600}


def form(body: bytes) -> dict[str, str]:
    """A form, each member once."""
    pairs = parse_qsl(body.decode(), strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_what_the_browser_opens() -> None:
    """The address asks for a code for K2's resource, without a scope, marked by a state and by PKCE."""
    login = AuthorizationCode(APPLICATION, REDIRECT)
    address, query = login.url.split("?")
    asked = form(query.encode())

    assert (address, asked.pop("state")) == (f"{LOGIN}/authorize", login.state)
    assert len(asked.pop("code_challenge")) == 43
    assert asked == {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": REDIRECT,
        "code_challenge_method": "S256",
        "resource": "https://api.k2.com/",
    }


def test_a_resource_in_the_authorization_address() -> None:
    """An address as K2's samples give it names the resource already: it is asked for once."""
    address = f"{LOGIN}/authorize?resource=https://elsewhere.example.com/"
    application = OAuthApplication(token_url="x", client_id="app", authorization_url=address)

    asked = parse_qs(urlsplit(AuthorizationCode(application, REDIRECT).url).query)

    assert asked["resource"] == ["https://elsewhere.example.com/"]


def test_no_two_logins_are_alike() -> None:
    """State and challenge are made anew for each."""
    one, other = AuthorizationCode(APPLICATION, REDIRECT), AuthorizationCode(APPLICATION, REDIRECT)

    assert one.state != other.state
    assert parse_qs(one.url)["code_challenge"] != parse_qs(other.url)["code_challenge"]


def test_a_code_becomes_a_request_for_tokens() -> None:
    """The code goes with the verifier of the challenge, the same redirect address, the resource and no scope."""
    login = AuthorizationCode(APPLICATION, REDIRECT)

    request = login.token_request(urlencode({"code": "c0de", "state": login.state, "session_state": "x"}))
    asked = form(request.body)
    digest = urlsafe_b64encode(sha256(asked.pop("code_verifier").encode()).digest()).decode().rstrip("=")

    assert parse_qs(login.url)["code_challenge"] == [digest]
    assert asked == {
        "grant_type": "authorization_code",
        "client_id": "app",
        "client_secret": "app-s3cret",
        "code": "c0de",
        "redirect_uri": REDIRECT,
        "resource": "https://api.k2.com/",
    }
    assert not any(secret in repr(request) for secret in ("c0de", "app-s3cret"))


@pytest.mark.parametrize(
    "query",
    [
        {"code": "c0de"},
        {"code": "c0de", "state": "another"},
        {"state": None},
        {"state": None, "error": "access_denied", "error_description": "the person said no"},
    ],
)
def test_an_answer_that_is_no_login(query: dict[str, str | None]) -> None:
    """Another state, no code or a refusal end the login; the message holds no code."""
    login = AuthorizationCode(APPLICATION, REDIRECT)
    members = {name: login.state if value is None else value for name, value in query.items()}

    with pytest.raises(AuthenticationRefused) as caught:
        login.token_request(urlencode(members))

    assert "c0de" not in str(caught.value)
    assert ("the person said no" in str(caught.value)) == ("error" in query)


def test_the_other_requests() -> None:
    """A refresh token is exchanged without a scope, the password grant asks for openid; both name the resource."""
    application = {"client_id": "app", "client_secret": "app-s3cret", "resource": "https://api.k2.com/"}

    assert form(REFRESH.body) == {"grant_type": "refresh_token", "refresh_token": "r3fresh"} | application
    assert (
        form(PASSWORD.body)
        == {
            "grant_type": "password",
            "username": "bob",
            "password": "hunter2",
            "scope": "openid",
        }
        | application
    )
    assert "client_secret" not in form(refresh_request(PUBLIC, "r").body)


@pytest.mark.parametrize(
    ("members", "life"),
    [
        ({"expires_in": 3600}, 3600),
        ({"expires_in": "3599"}, 3599),
        ({"expires_in": 12.9}, 12),
        ({"expires_in": None}, UNSTATED_LIFE),
        ({"expires_in": -5}, UNSTATED_LIFE),
        ({"expires_in": 10**400}, 366 * 24 * 3600),
        ({"scope": "another than asked for"}, UNSTATED_LIFE),
        ({"scope": 7}, UNSTATED_LIFE),
        ({"token_type": "bearer"}, UNSTATED_LIFE),
        ({"token_type": None}, UNSTATED_LIFE),
    ],
)
def test_tokens(members: dict[str, Any], life: float) -> None:
    """Numbers may come as text, as Azure AD writes them; the scope is the server's affair."""
    answer = read_answer(json.dumps({"access_token": "a", "token_type": "Bearer"} | members).encode(), PASSWORD)

    assert (answer.access_token, answer.refresh_token, answer.expires_in) == ("a", None, life)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": "invalid_grant", "error_description": "AADSTS70008: r3fresh has expired"}, LoginRequired),
        ({"error": "interaction_required"}, LoginRequired),
        ({"error": "invalid_client", "error_description": "app-s3cret is wrong"}, AuthenticationRefused),
        ({"error": "unheard_of"}, AuthenticationRefused),
        ({"error": {"code": 7}}, AuthenticationRefused),
        ({"error": "temporarily_unavailable"}, Temporary),
        ({"error": "server_error"}, Temporary),
        (TOKENS | {"token_type": "mac"}, AuthenticationRefused),
        ({}, AuthenticationRefused),
        (TOKENS | {"access_token": 7}, Temporary),
        (TOKENS | {"access_token": ""}, Temporary),
        (TOKENS | {"access_token": "a\r\nx-evil: 1"}, Temporary),
        (TOKENS | {"refresh_token": {}}, Temporary),
        (TOKENS | {"expires_in": "soon"}, Temporary),
        (TOKENS | {"expires_in": []}, Temporary),
        (TOKENS | {"expires_in": float("inf")}, Temporary),
        ([], Temporary),
        (None, Temporary),
    ],
)
def test_answers_without_tokens(body: Any, expected: type[K2Error]) -> None:
    """Each refusal has the class that says what helps; what is no answer at all may be better later."""
    with pytest.raises(K2Error) as caught:
        read_answer(json.dumps(body).encode(), REFRESH)

    assert type(caught.value) is expected
    assert not any(secret in str(caught.value) for secret in ("r3fresh", "app-s3cret"))
    assert ("kurun k2 login" in str(caught.value)) == (expected is LoginRequired)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"access_token=a", b"[" * 100_000])
def test_what_is_no_json(body: bytes) -> None:
    """A page of some proxy under a success status holds no token."""
    with pytest.raises(Temporary):
        read_answer(body, REFRESH)


def test_a_refused_password_needs_no_login() -> None:
    """Nothing is to be had from a browser where user and password are wrong, or need a second factor."""
    body = {"error": "invalid_grant", "error_description": "AADSTS50126: hunter2 is wrong"}

    with pytest.raises(AuthenticationRefused) as caught:
        read_answer(json.dumps(body).encode(), PASSWORD)

    assert type(caught.value) is AuthenticationRefused
    assert "AADSTS50126" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_secrets_show_in_no_repr() -> None:
    """A request, an answer and an application can be logged."""
    shown = repr(
        (REFRESH, PASSWORD, APPLICATION, read_answer(json.dumps(TOKENS | {"access_token": "t0k"}).encode(), REFRESH))
    )

    assert not any(secret in shown for secret in ("r3fresh", "hunter2", "app-s3cret", "t0k"))
