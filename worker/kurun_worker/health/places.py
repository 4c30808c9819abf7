"""The names that have to resolve and the folders that have to be writable."""

import errno
import ipaddress
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from kurun_clients.threads import in_own_thread
from kurun_config import K2Authentication, Settings
from kurun_worker.health.looks import Trouble

_TRIAL = bytes(4096)
_MEBIBYTE = 1024**2
_CLOSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def hosts(settings: Settings) -> list[str]:
    """The names of KuFlow and the engine, as far as this machine has to know them; addresses need no look.

    Behind a proxy it is the proxy that knows KuFlow's name.
    """
    endpoint = str(settings.kuflow.endpoint)
    names = [
        urlsplit(_way(endpoint)).hostname or "",
        settings.engine.address.rpartition(":")[0].strip("[]"),
    ]
    return [each for each in dict.fromkeys(names) if not _is_address(each)]


def resolving(host: str) -> Callable[[], Awaitable[None]]:
    """A look at a name."""

    def resolve() -> None:
        try:
            socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise Trouble("is no name of a machine: check the settings") from None
        except OSError as error:
            said = error.strerror or str(error)
            raise Trouble(f"does not resolve: {said}: check the name service of this machine") from None

    return lambda: in_own_thread(resolve)


@dataclass(frozen=True)
class Folder:
    """A folder that the worker writes to.

    Attributes:
        setting: What names it.
        path: Where it is.
        made: Whether the worker makes it when it needs it.
        may_be_closed: Whether it may be for reading only.
    """

    setting: str
    path: Path
    made: bool = True
    may_be_closed: bool = False

    def standing(self) -> Path:
        """The folder, or, while it is still to be made, the nearest above it that is there.

        Raises:
            OSError: It cannot be looked for.
        """
        place = self.path.absolute()
        while self.made and not place.exists() and place != place.parent:
            place = place.parent
        return place


def folders(settings: Settings) -> list[Folder]:
    """The folders that the settings let the worker write to."""
    found = [Folder("documents.roots", path, made=False, may_be_closed=True) for path in settings.documents.roots]
    if settings.robots.enabled:
        from kurun_robots.environment.home import robot_home  # noqa: PLC0415 - robots are an extra

        found.append(Folder("robots.home", robot_home(settings.robots)))
    if settings.k2.endpoint is not None and settings.k2.authentication is K2Authentication.OAUTH:
        from kurun_clients.k2.oauth.from_settings import token_file_of  # noqa: PLC0415 - K2 is an extra

        found.append(Folder("k2.oauth_token_file", token_file_of(settings.k2).parent))
    return found


class Writing:
    """A look at a folder: writes a few bytes to the disk itself, and wants some more to be free.

    A folder of documents that is closed to writing from the beginning is one to read from; it is then only looked into.

    Args:
        folder: The folder.
        min_free: Bytes that have to be free.
    """

    def __init__(self, folder: Folder, min_free: int) -> None:
        self._folder = folder
        self._min_free = min_free
        self._known_open = False

    async def __call__(self) -> None:
        """Look.

        Raises:
            Trouble: It cannot be written to, or is nearly full.
        """
        await in_own_thread(self._look)

    def _look(self) -> None:
        try:
            place = self._folder.standing()
            status = os.statvfs(place)
            self._try(place)
        except OSError as error:
            raise Trouble(f"cannot be written: {error.strerror}") from None
        if self._known_open and (free := status.f_bavail * status.f_frsize) < self._min_free:
            wanted = f"{self._min_free / _MEBIBYTE:.1f} MiB are wanted (health.min_free_disk)"
            raise Trouble(f"{free / _MEBIBYTE:.1f} MiB are free, {wanted}")

    def _try(self, place: Path) -> None:
        name = place / f".kurun-health-{os.getpid()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(name, flags, 0o600)
        except OSError as error:
            if error.errno in _CLOSED and self._folder.may_be_closed and not self._known_open:
                with os.scandir(place):
                    return
            raise
        self._known_open = True
        try:
            os.write(descriptor, _TRIAL)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            name.unlink(missing_ok=True)


def _way(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return proxy_for(parts.scheme, parts.hostname or "") or endpoint


def proxy_for(scheme: str, host: str) -> str | None:
    """The address of the proxy that requests to a host go through, with its scheme; ``None`` where they go directly."""
    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
