"""OAuth 2.0 for K2: logging in, keeping the login, and access tokens that are renewed before they end."""

from kurun_clients.k2.oauth.endpoint import TokenEndpoint
from kurun_clients.k2.oauth.flow import OAuthApplication
from kurun_clients.k2.oauth.from_settings import (
    application_of,
    change_oauth,
    endpoint_of,
    oauth_auth_of,
    token_file_of,
)
from kurun_clients.k2.oauth.grants import PasswordGrant, RefreshGrant
from kurun_clients.k2.oauth.login import log_in
from kurun_clients.k2.oauth.store import FileTokenStore, StoredLogin, TokenStore
from kurun_clients.k2.oauth.tokens import AccessTokens, OAuthAuth

__all__ = [
    # logging in
    "OAuthApplication",
    "TokenEndpoint",
    "log_in",
    # keeping the login
    "FileTokenStore",
    "StoredLogin",
    "TokenStore",
    # access tokens
    "AccessTokens",
    "OAuthAuth",
    "PasswordGrant",
    "RefreshGrant",
    # out of the settings
    "application_of",
    "change_oauth",
    "endpoint_of",
    "oauth_auth_of",
    "token_file_of",
]
