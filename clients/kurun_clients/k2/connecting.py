"""What the settings say about connections to K2 and about whom we call as."""

import ssl

import httpx2
from pydantic import SecretStr

from kurun_clients.http.auth import BasicAuth
from kurun_clients.http.trust import trusting
from kurun_config import ConfigurationError, K2Settings, require, variable


def timeout_of(settings: K2Settings) -> httpx2.Timeout:
    """Timeouts of each request."""
    return httpx2.Timeout(settings.timeout.total_seconds(), connect=settings.connect_timeout.total_seconds())


def ssl_context_of(settings: K2Settings) -> ssl.SSLContext | None:
    """Whom to trust instead of the system's authorities.

    Raises:
        ConfigurationError: The file of authorities cannot be read.
    """
    return None if settings.ca_file is None else trusting(settings.ca_file, setting="k2.ca_file")


def account_of(settings: K2Settings) -> tuple[str, SecretStr]:
    """User and password.

    Raises:
        ConfigurationError: One is missing.
    """
    require({"k2.user": settings.user, "k2.password": settings.password})
    return settings.user or "", settings.password or SecretStr("")


def basic_auth_of(settings: K2Settings) -> BasicAuth:
    """The account as Basic credentials.

    Raises:
        ConfigurationError: User or password is missing, or the name is one that Basic cannot carry.
    """
    user, password = account_of(settings)
    if ":" in user:
        raise ConfigurationError(
            f"{variable('k2.user')}: Basic cannot carry a colon: give the name without its label, as in DOMAIN\\user"
        )
    return BasicAuth(user, password.get_secret_value())
