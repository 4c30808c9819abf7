"""The hosts that a worker talks to, and the way there."""

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from kurun_config import Settings, variable
from kurun_worker.health.places import proxy_for

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Place:
    """One of them.

    Attributes:
        title: Whose it is.
        setting: Which setting names it, as ``section.field``.
        host: Name or address.
        port: Port.
        tls: Whether it is spoken to in TLS.
        proxy: Host and port of the proxy on the way there, if there is one.
    """

    title: str
    setting: str
    host: str
    port: int
    tls: bool = True
    proxy: tuple[str, int] | None = None

    @classmethod
    def of(cls, title: str, setting: str, address: str) -> Self:
        """The place that a URL names."""
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 443)
        return cls(title, setting, host, port, parts.scheme == "https", _proxy(parts.scheme, host))

    @property
    def variable(self) -> str:
        """The environment variable of the setting."""
        return variable(self.setting)

    @property
    def way(self) -> tuple[str, int]:
        """Where to connect to."""
        return self.proxy or (self.host, self.port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def kuflow_place(settings: Settings) -> Place:
    """The KuFlow API."""
    return Place.of("KuFlow", "kuflow.endpoint", str(settings.kuflow.endpoint))


def engine_place(settings: Settings) -> Place:
    """The engine. Its connections use no proxy."""
    host, _, port = settings.engine.address.rpartition(":")
    return Place("the engine", "engine.address", host.removeprefix("[").removesuffix("]"), int(port))


def k2_places(settings: Settings) -> list[Place]:
    """Every host of K2 that the settings name, each once."""
    k2 = settings.k2
    named = [
        ("K2", "k2.endpoint", k2.endpoint),
        ("K2 Services", "k2.services_endpoint", k2.services_endpoint),
        ("K2's login", "k2.oauth_token_url", k2.oauth_token_url),
    ]
    places = [Place.of(title, setting, str(address)) for title, setting, address in named if address is not None]
    return list({(place.host, place.port): place for place in reversed(places)}.values())[::-1]


def _proxy(scheme: str, host: str) -> tuple[str, int] | None:
    if (named := proxy_for(scheme, host)) is None:
        return None
    parts = urlsplit(named)
    return (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80))
