"""Which K2 is called, and as whom."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

PASSWORD_REMEDY = "check k2.user and k2.password"  # noqa: S105 - names of settings
LOGIN_REMEDY = "run `kurun k2 login`"


@dataclass(frozen=True)
class Place:
    """What the errors of calls to K2 tell a person to look at; none of it is secret.

    Attributes:
        endpoint: The address that is called.
        setting: The setting that holds it.
        caller: Whose credentials are sent.
        remedy: What to do when K2 refuses them.
    """

    endpoint: str
    setting: str
    caller: str
    remedy: str

    @classmethod
    def of(cls, endpoint: str, setting: str, user: str | None) -> Self:
        """The place of a client.

        Args:
            endpoint: The address that is called.
            setting: The setting that holds it.
            user: Whose password is sent, or gives the tokens; ``None`` if a login does.
        """
        caller = user if user is not None else "the login of k2.oauth_client_id"
        return cls(endpoint, setting, caller, LOGIN_REMEDY if user is None else PASSWORD_REMEDY)

    @property
    def host(self) -> str:
        """Host and port of the address."""
        return urlsplit(self.endpoint).netloc.rpartition("@")[2]
