"""Who hands out the keys to the engine, as the HTTP API sees it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class EngineToken:
    """A bearer token for the engine gateway, and the moment (UTC) from which it is refused."""

    token: str = field(repr=False)
    expired_at: datetime


@dataclass(frozen=True)
class EngineCertificate:
    """The engine's namespace and the PEM texts of a mutual TLS connection to it."""

    namespace: str
    server_root_ca_certificate: str
    client_certificate: str
    client_private_key: str = field(repr=False)


class EngineAuthority(Protocol):
    """Issues what the gateway accepts. Called from worker threads, so both methods are thread-safe and may block."""

    def issue_token(self) -> EngineToken:
        """Make a token that is valid from now on."""

    def issue_certificate(self) -> EngineCertificate:
        """Make a client certificate signed by the twin's own authority."""
