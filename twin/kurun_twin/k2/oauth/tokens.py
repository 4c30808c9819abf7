"""``/oauth2/token``: codes, refresh tokens and passwords become access tokens (RFC 6749, sections 4.1.3, 4.3 and 6)."""

import base64
import binascii
import hashlib
import hmac
import sqlite3
from collections.abc import Mapping
from urllib.parse import unquote_plus

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.k2.oauth.parameters import RESOURCE, OAuthProblem, check_resource, form, known_client
from kurun_twin.k2.platform import K2Platform
from kurun_twin.k2.platform.tokens import Grant, TokenPair


async def issue(k2: K2Platform, request: Request) -> Response:
    """Answer a token request."""
    given = await form(request)
    _check_client(k2, given, request.headers.get("authorization"))
    pair = await k2.database.run(_pair, k2, given)
    k2.figures.count(f"k2_tokens_{given['grant_type']}")
    expires_in = str(pair.expires_in) if k2.options.k2_oauth_text_numbers else pair.expires_in
    body = {
        "token_type": "Bearer",
        "expires_in": expires_in,
        "resource": RESOURCE,
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
    }
    return Response(to_json(body), headers={"Pragma": "no-cache"}, media_type="application/json")


def _pair(connection: sqlite3.Connection, k2: K2Platform, given: Mapping[str, str]) -> TokenPair:
    match given.get("grant_type"):
        case "authorization_code":
            check_resource(given, required=False)
            return k2.tokens.issue_pair(connection, _by_code(connection, k2, given).user)
        case "refresh_token":
            check_resource(given, required=False)
            refresh_token = _required(given, "refresh_token")
            grant = k2.tokens.redeem_refresh(connection, refresh_token)
            if grant is None:
                raise OAuthProblem("invalid_grant", "The refresh token is unknown, used up, expired or revoked.")
            kept = None if k2.options.k2_oauth_rotates else refresh_token
            return k2.tokens.issue_pair(connection, grant.user, kept)
        case "password":
            check_resource(given, required=True)
            user = k2.users.authenticate(_required(given, "username"), _required(given, "password"))
            if user is None:
                raise OAuthProblem("invalid_grant", "The user or the password is wrong.")
            return k2.tokens.issue_pair(connection, user)
        case None | "":
            raise OAuthProblem("invalid_request", "The parameter grant_type is missing.")
        case other:
            raise OAuthProblem("unsupported_grant_type", f"The grant_type {other} is not supported.")


def _by_code(connection: sqlite3.Connection, k2: K2Platform, given: Mapping[str, str]) -> Grant:
    code, redirect_uri = _required(given, "code"), _required(given, "redirect_uri")
    grant = k2.tokens.redeem_code(connection, code)
    if grant is None:
        raise OAuthProblem("invalid_grant", "The code is unknown, used up or expired.")
    if grant.detail["redirect_uri"] != redirect_uri:
        raise OAuthProblem("invalid_grant", "The redirect_uri is another than the code's.")
    if grant.detail["challenge"] is not None and not _verifies(grant.detail, given.get("code_verifier", "")):
        raise OAuthProblem("invalid_grant", "The code_verifier does not fit the code_challenge.")
    return grant


def _verifies(detail: Mapping[str, str], verifier: str) -> bool:
    shown = verifier.encode()
    if detail["method"] == "S256":
        shown = base64.urlsafe_b64encode(hashlib.sha256(shown).digest()).rstrip(b"=")
    return hmac.compare_digest(shown, detail["challenge"].encode())


def _check_client(k2: K2Platform, given: Mapping[str, str], authorization: str | None) -> None:
    """The application shows its secret in the header or in the form (RFC 6749, section 2.3.1)."""
    client_id, secret = given.get("client_id"), given.get("client_secret", "")
    if authorization is not None:
        client_id, secret = _from_header(authorization)
    matches = hmac.compare_digest(secret.encode(), k2.credentials.client_secret.encode())
    if not (known_client(k2, client_id) and matches):
        described = "The client_id or the client_secret is wrong."
        raise OAuthProblem("invalid_client", described, status=401, challenge=authorization is not None)


def _from_header(authorization: str) -> tuple[str, str]:
    scheme, _, value = authorization.partition(" ")
    try:
        text = base64.b64decode(value.strip(), validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError, ValueError):
        text = ""
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _required(given: Mapping[str, str], name: str) -> str:
    value = given.get(name)
    if not value:
        raise OAuthProblem("invalid_request", f"The parameter {name} is missing.")
    return value
