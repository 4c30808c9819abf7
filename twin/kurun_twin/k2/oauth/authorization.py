"""``/oauth2/authorize``: a person logs in, and the program gets a code (RFC 6749, section 4.1; RFC 7636)."""

import html
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from kurun_twin.k2.oauth.parameters import OAuthProblem, check_resource, known_client
from kurun_twin.k2.platform import K2Platform, K2User

_KEPT: Final = (
    "client_id",
    "redirect_uri",
    "response_type",
    "state",
    "resource",
    "scope",
    "code_challenge",
    "code_challenge_method",
)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Log in to K2</title></head>
<body><h1>Log in to K2</h1><p>{note}</p>
<form method="post" action="/oauth2/authorize">{hidden}
<p><label>User <input name="username" value="{user}" required></label></p>
<p><label>Password <input name="password" type="password" required autofocus></label></p>
<p><button>Log in</button></p></form></body></html>
"""


async def begin(k2: K2Platform, given: Mapping[str, str]) -> Response:
    """Show the page to log in, or say what is wrong with the request."""
    _check_program(k2, given)
    try:
        _check(given)
    except OAuthProblem as problem:
        return _back(given, error=problem.error, error_description=problem.description)
    if given.get("auto") == "1" and k2.options.k2_oauth_auto_login:
        user = k2.users.named(given.get("login_hint", ""))
        if user is None:
            return _back(given, error="access_denied", error_description="The login_hint names no user.")
        return await _with_code(k2, given, user)
    return _page(given, given.get("login_hint", ""), "This is the local twin's page.", 200)


async def log_in(k2: K2Platform, given: Mapping[str, str]) -> Response:
    """Check what was filled in, and send the person back to the program."""
    _check_program(k2, given)
    _check(given)
    user = k2.users.authenticate(given.get("username", ""), given.get("password", ""))
    if user is None:
        return _page(given, given.get("username", ""), "The user or the password is wrong.", 403)
    return await _with_code(k2, given, user)


def _check_program(k2: K2Platform, given: Mapping[str, str]) -> None:
    """What is wrong here is told to the person: nobody may be sent to an address that cannot be trusted."""
    if not known_client(k2, given.get("client_id")):
        raise OAuthProblem("unauthorized_client", "No application is registered with this client_id.")
    if not _is_loopback(given.get("redirect_uri", "")):
        raise OAuthProblem("invalid_request", "The redirect_uri must be on this machine, such as http://127.0.0.1/.")


def _check(given: Mapping[str, str]) -> None:
    if given.get("response_type") != "code":
        raise OAuthProblem("unsupported_response_type", "The response_type must be code.")
    check_resource(given, required=True)
    if given.get("code_challenge_method", "plain") not in {"S256", "plain"}:
        raise OAuthProblem("invalid_request", "The code_challenge_method must be S256 or plain.")


async def _with_code(k2: K2Platform, given: Mapping[str, str], user: K2User) -> Response:
    detail = {
        "redirect_uri": given["redirect_uri"],
        "challenge": given.get("code_challenge"),
        "method": given.get("code_challenge_method", "plain"),
    }
    code = await k2.database.run(k2.tokens.issue_code, user, detail)
    return _back(given, code=code)


def _back(given: Mapping[str, str], **result: str) -> Response:
    values = {**result, "state": given["state"]} if "state" in given else result
    parts = urlsplit(given["redirect_uri"])
    query = "&".join(part for part in (parts.query, urlencode(values)) if part)
    return RedirectResponse(urlunsplit(parts._replace(query=query)), 302)


def _page(given: Mapping[str, str], user: str, note: str, status: int) -> Response:
    fields = (
        f'<input type="hidden" name="{name}" value="{html.escape(given[name])}">' for name in _KEPT if name in given
    )
    page = _PAGE.format(hidden="".join(fields), user=html.escape(user), note=html.escape(note))
    return HTMLResponse(page, status, {"X-Frame-Options": "DENY"})


def _is_loopback(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in _LOOPBACK and not parts.fragment
