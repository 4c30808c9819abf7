"""Asking a worker how it is, as its health server tells it."""

import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from tests.waiting import until


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Asked:
    """One daemon's answers.

    Args:
        session: Asks.
        port: Where it is asked.
    """

    def __init__(self, session: aiohttp.ClientSession, port: int | None) -> None:
        self._session = session
        self._address = f"http://127.0.0.1:{port}"

    async def status(self, path: str) -> int:
        """The status of an answer; 0 if nobody answers."""
        try:
            async with self._session.get(self._address + path) as answer:
                return answer.status
        except aiohttp.ClientConnectionError:
            return 0

    async def troubles(self, path: str = "/readyz") -> dict[str, str]:
        """The conditions that do not hold, with their reasons."""
        async with self._session.get(self._address + path) as answer:
            body: dict[str, Any] = await answer.json()
        assert (answer.status == 200) == (body["status"] in {"ready", "alive"})
        return {each["name"]: each["reason"] for each in body["conditions"] if not each["ok"]}

    async def ready(self) -> None:
        """Wait until it is ready."""
        await until(lambda: self._is("/readyz"))

    async def lacks(self, *names: str) -> dict[str, str]:
        """Wait until exactly these conditions do not hold; their reasons."""
        found: dict[str, str] = {}

        async def those() -> bool:
            found.clear()
            found.update(await self.troubles())
            return found.keys() == set(names)

        await until(those)
        return found

    async def _is(self, path: str) -> bool:
        return await self.status(path) == 200


@contextlib.asynccontextmanager
async def asking(port: int | None) -> AsyncIterator[Asked]:
    """Ask a daemon."""
    async with aiohttp.ClientSession() as session:
        yield Asked(session, port)
