"""Free ports that stay the same over restarts, so that what a worker was told stays true."""

import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from kurun_config import ConfigurationError
from kurun_twin.data_directory import write_private

HOST = "127.0.0.1"


def ensure_free(flag: str, port: int) -> None:
    """Look at a wanted port before anything is started for it; 0 stands for a free one.

    Raises:
        ConfigurationError: Another program has it; the message names the flag that changes it.
    """
    if port:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise taken(flag, port, error.strerror) from None


def taken(flag: str, port: int, reason: str | None = None) -> ConfigurationError:
    """What to say of a port that cannot be had."""
    return ConfigurationError(f"port {port} cannot be had ({reason or 'in use'}): give another {flag}")


class Ports:
    """The ports that the twin had last, in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._last = _read(file)

    async def take(self, name: str, wanted: int, start: Callable[[int], Awaitable[None]]) -> None:
        """Start a server on the port wanted; where any will do (0), on its last one if that is free.

        Raises:
            ConfigurationError: The wanted port is taken.
        """
        last = self._last.get(name)
        if wanted == 0 and last is not None:
            try:
                return await start(last)
            except ConfigurationError:
                pass
        return await start(wanted)

    def remember(self, **ports: int) -> None:
        """Keep these for the next start."""
        write_private(self._file, json.dumps(ports).encode())


def _read(file: Path) -> dict[str, int]:
    """A lost or broken file costs no more than new ports."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    entries = content.items() if isinstance(content, dict) else ()
    return {name: port for name, port in entries if isinstance(port, int) and 0 < port < 65536}
