"""OAuth as the settings describe it."""

import os
import ssl
from collections.abc import Sequence
from pathlib import Path

import httpx2

from kurun_clients.http import Observer
from kurun_clients.k2.connecting import account_of, ssl_context_of, timeout_of
from kurun_clients.k2.oauth.endpoint import TokenEndpoint
from kurun_clients.k2.oauth.flow import OAuthApplication
from kurun_clients.k2.oauth.grants import Grant, PasswordGrant, RefreshGrant
from kurun_clients.k2.oauth.store import FileTokenStore, TokenStore
from kurun_clients.k2.oauth.tokens import AccessTokens, OAuthAuth
from kurun_config import ConfigurationError, K2Authentication, K2Settings, require, variable


def application_of(settings: K2Settings, *, interactive: bool = False) -> OAuthApplication:
    """The application that is registered for K2.

    Args:
        settings: The settings of K2.
        interactive: Whether people are to log in, for which there has to be an authorization address.

    Raises:
        ConfigurationError: Something is missing; the message names the variable to set.
    """
    needed: dict[str, object] = {
        "k2.oauth_token_url": settings.oauth_token_url,
        "k2.oauth_client_id": settings.oauth_client_id,
    }
    if interactive:
        needed["k2.oauth_authorization_url"] = settings.oauth_authorization_url
    require(needed)
    return OAuthApplication(
        token_url=str(settings.oauth_token_url),
        client_id=settings.oauth_client_id or "",
        client_secret=settings.oauth_client_secret,
        authorization_url=None if settings.oauth_authorization_url is None else str(settings.oauth_authorization_url),
        resource=settings.oauth_resource,
    )


def endpoint_of(
    settings: K2Settings,
    *,
    interactive: bool = False,
    transport: httpx2.AsyncBaseTransport | None = None,
    ssl_context: ssl.SSLContext | None = None,
    observers: Sequence[Observer] = (),
) -> TokenEndpoint:
    """The token endpoint; arguments and errors as for :func:`application_of`."""
    application = application_of(settings, interactive=interactive)
    try:
        return TokenEndpoint(
            application,
            timeout=timeout_of(settings),
            ssl_context=ssl_context or ssl_context_of(settings),
            transport=transport,
            observers=observers,
        )
    except ValueError as error:
        raise ConfigurationError(f"{variable('k2.oauth_token_url')}: {error}") from None


def change_oauth(auth: OAuthAuth, settings: K2Settings) -> None:
    """Use the account and the application's secret of these settings for the next token; the present one stays good.

    Raises:
        ConfigurationError: Something is missing; the message names the variable to set.
    """
    grant, application = auth.tokens.grant, application_of(settings)
    if isinstance(grant, PasswordGrant):
        user, password = account_of(settings)
        grant.change(user, password)
        auth.user = user
    if isinstance(grant, PasswordGrant | RefreshGrant):
        grant.endpoint.application = application
    auth.tokens.credentials_changed()


def token_file_of(settings: K2Settings) -> Path:
    """The file of the refresh token: the one that the settings name, or one in the user's state folder.

    Raises:
        ConfigurationError: The user has no such folder.
    """
    if settings.oauth_token_file is not None:
        return settings.oauth_token_file
    try:
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    except RuntimeError:
        raise ConfigurationError(f"{variable('k2.oauth_token_file')} is not set, and there is no home folder") from None
    return state / "kurun" / f"k2-login-{settings.account}.json"


def oauth_auth_of(
    settings: K2Settings,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    ssl_context: ssl.SSLContext | None = None,
    store: TokenStore | None = None,
    observers: Sequence[Observer] = (),
) -> OAuthAuth:
    """How requests say who they are, by the login that was made or by user and password.

    Args:
        settings: The settings of K2.
        transport: The seam for tests.
        ssl_context: What to trust instead of the system's authorities.
        store: Where the login is kept, instead of the file.
        observers: Told of every request for a token.

    Raises:
        ConfigurationError: Something is missing; the message names the variable to set.
    """
    grant: Grant
    user: str | None = None
    endpoint = endpoint_of(settings, transport=transport, ssl_context=ssl_context, observers=observers)
    if settings.authentication is K2Authentication.OAUTH_PASSWORD:
        user, password = account_of(settings)
        grant = PasswordGrant(endpoint, user, password)
    else:
        store = store or FileTokenStore(token_file_of(settings))
        grant = RefreshGrant(endpoint, store)
    return OAuthAuth(AccessTokens(grant, margin=settings.oauth_renewal_margin), user=user)
