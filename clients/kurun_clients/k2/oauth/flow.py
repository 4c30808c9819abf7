"""OAuth 2.0 as K2 wants it: what is sent and what is answered, without sending anything.

Azure AD's v1 endpoints are meant: a ``resource`` says what the token is for, and no scope is asked for, but ``openid``
by the password grant.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from oauthlib.oauth2 import LegacyApplicationClient, OAuth2Error, WebApplicationClient
from pydantic import SecretStr

from kurun_clients.k2.errors import AuthenticationRefused, K2Error, LoginRequired, Temporary

FORM: Final = "application/x-www-form-urlencoded"
PASSWORD_SCOPE: Final = "openid"  # noqa: S105 - the name of a scope
UNSTATED_LIFE: Final = 600
"""Seconds that a token without ``expires_in`` is taken to live; the protocol leaves them open."""

NEEDS_A_PERSON: Final = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
NOT_NOW: Final = frozenset({"temporarily_unavailable", "server_error"})

_VERIFIER_LENGTH = 64
_LONGEST_LIFE = 366 * 24 * 3600
_MAX_SAID = 300


@dataclass(frozen=True)
class OAuthApplication:
    """The application that is registered for K2.

    Attributes:
        token_url: Where tokens come from.
        client_id: Its id.
        client_secret: Its secret, if it has one.
        authorization_url: Where people log in.
        resource: What the token is for.
    """

    token_url: str
    client_id: str
    client_secret: SecretStr | None = None
    authorization_url: str | None = None
    resource: str = "https://api.k2.com/"


@dataclass(frozen=True)
class TokenRequest:
    """The body of a request to the token endpoint, and the secrets in it, which no message may repeat."""

    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    login: bool = True
    """Whether a grant that is refused means that somebody has to log in again."""


@dataclass(frozen=True)
class TokenAnswer:
    """What the token endpoint gives.

    Attributes:
        access_token: The token for K2.
        refresh_token: The token for the next one; ``None`` if the one before stays good.
        expires_in: Seconds that the access token lives.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: float


class AuthorizationCode:
    """One interactive login by authorization code, with state and PKCE.

    Args:
        application: The application; it needs its authorization address.
        redirect_uri: Where the browser brings the answer.

    Attributes:
        url: What the browser opens.
        state: What marks the answer to this login.
    """

    def __init__(self, application: OAuthApplication, redirect_uri: str) -> None:
        self._application = application
        self._client = WebApplicationClient(application.client_id)
        self._redirect_uri = redirect_uri
        self._verifier = self._client.create_code_verifier(_VERIFIER_LENGTH)
        self.state = self._client.state_generator()
        self.url = self._url(application.authorization_url or "")

    def _url(self, address: str) -> str:
        asked = parse_qs(urlsplit(address).query)
        scheme, _, rest = address.partition("://")
        url = self._client.prepare_request_uri(
            f"https://{rest}",  # oauthlib knows no loopback; which addresses may be plain is the settings' rule
            redirect_uri=self._redirect_uri,
            state=self.state,
            code_challenge=self._client.create_code_challenge(self._verifier, "S256"),
            code_challenge_method="S256",
            resource="" if "resource" in asked else self._application.resource,
        )
        return scheme + url.removeprefix("https")

    def token_request(self, query: str) -> TokenRequest:
        """Turn the answer that the browser brought into the request for tokens.

        Args:
            query: Its query.

        Raises:
            AuthenticationRefused: The login was refused, or this is no answer to it.
        """
        try:
            self._client.parse_request_uri_response(f"https://loopback/?{query}", state=self.state)
        except OAuth2Error as error:
            raise AuthenticationRefused(f"the login was refused: {_said(error)}") from None
        code = self._client.code or ""
        secret = _secret(self._application)
        body = self._client.prepare_request_body(
            code=code,
            redirect_uri=self._redirect_uri,
            code_verifier=self._verifier,
            client_secret=secret,
            resource=self._application.resource,
        )
        return TokenRequest(body.encode(), _known(code, self._verifier, secret))


def refresh_request(application: OAuthApplication, refresh_token: str) -> TokenRequest:
    """The request for new tokens by a refresh token."""
    secret = _secret(application)
    body = WebApplicationClient(application.client_id).prepare_refresh_body(
        refresh_token=refresh_token,
        client_id=application.client_id,
        client_secret=secret,
        resource=application.resource,
    )
    return TokenRequest(body.encode(), _known(refresh_token, secret))


def password_request(application: OAuthApplication, user: str, password: str) -> TokenRequest:
    """The request for a token by user and password; for accounts without a second factor."""
    secret = _secret(application)
    body = LegacyApplicationClient(application.client_id).prepare_request_body(
        username=user,
        password=password,
        scope=PASSWORD_SCOPE,
        include_client_id=True,
        client_secret=secret,
        resource=application.resource,
    )
    return TokenRequest(body.encode(), _known(password, secret), login=False)


def read_answer(body: bytes, request: TokenRequest) -> TokenAnswer:
    """Read what the token endpoint answered, be it tokens or a refusal.

    Raises:
        K2Error: It refuses, or the answer is none; the class says what helps.
    """
    members = _members(body)
    members.pop("scope", None)  # which K2 may call as it likes; oauthlib takes another than asked for as an error
    client = WebApplicationClient("")
    try:
        token = client.parse_request_body_response(json.dumps(members))
    except OAuth2Error as error:
        raise refusal(error, request) from None
    except (ValueError, TypeError, OverflowError):
        raise Temporary("K2's token endpoint gave an answer that cannot be read") from None
    if str(token.get("token_type") or "Bearer").lower() != "bearer":
        raise AuthenticationRefused("K2's token endpoint gave a token that is no bearer token")
    access, refresh = token["access_token"], token.get("refresh_token")
    if not _is_token(access) or not (refresh is None or _is_token(refresh)):
        raise Temporary("K2's token endpoint gave an answer that cannot be read")
    life = token.get("expires_in")
    return TokenAnswer(access, refresh, float(min(life, _LONGEST_LIFE)) if life and life > 0 else UNSTATED_LIFE)


def refusal(error: OAuth2Error, request: TokenRequest) -> K2Error:
    """The outcome class of a refusal by the token endpoint."""
    kind, said = str(error.error), _said(error, request.secrets)
    if kind in NOT_NOW:
        return Temporary(f"K2's token endpoint is not available: {said}")
    if kind in NEEDS_A_PERSON and request.login:
        return LoginRequired(f"the K2 login is not valid any more: run `kurun k2 login` ({said})")
    if kind in NEEDS_A_PERSON:
        return AuthenticationRefused(
            f"K2's token endpoint refuses user and password: check k2.user and k2.password ({said})"
        )
    return AuthenticationRefused(f"K2's token endpoint refuses the request: {said}")


def _members(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise Temporary("K2's token endpoint gave an answer that is no JSON object")
    return read


def _is_token(text: object) -> bool:
    # It becomes a header: a line break in it would begin another one.
    return isinstance(text, str) and text.isascii() and text.isprintable() and bool(text)


def _secret(application: OAuthApplication) -> str | None:
    return None if application.client_secret is None else application.client_secret.get_secret_value()


def _known(*secrets: str | None) -> tuple[str, ...]:
    return tuple(secret for secret in secrets if secret)


def _said(error: OAuth2Error, secrets: tuple[str, ...] = ()) -> str:
    text = " ".join(str(part) for part in (error.error, error.description) if part)
    for secret in secrets:
        text = text.replace(secret, "***")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line[:_MAX_SAID] or "no reason given"
