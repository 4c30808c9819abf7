"""Which K2 is called, and as whom."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

PASSWORD_REMEDY = "check k2.user and k2.password"  # noqa: S105 - names of settings
LOGIN_REMEDY = "run `kurun k2 login`"


@dataclass(frozen=True)
class Place:
    """What the errors of calls to K2 tell a person to look at; none of it is secret.

    Attributes:
        endpoint: The address that is called.
        setting: The setting that holds it.
        user: Whose password is sent, or gives the tokens; ``None`` if a login does. Asked at each use, as credentials
            change while a client lives.
    """

    endpoint: str
    setting: str
    user: Callable[[], str | None]

    @property
    def caller(self) -> str:
        """Whose credentials are sent."""
        user = self.user()
        return user if user is not None else "the login of k2.oauth_client_id"

    @property
    def remedy(self) -> str:
        """What to do when K2 refuses them."""
        return LOGIN_REMEDY if self.user() is None else PASSWORD_REMEDY

    @property
    def host(self) -> str:
        """Host and port of the address."""
        return urlsplit(self.endpoint).netloc.rpartition("@")[2]
