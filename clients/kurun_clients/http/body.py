"""Request bodies that are streamed: opened anew for each attempt, in pieces that do not hold the event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Protocol, runtime_checkable

import httpx2

from kurun_clients.http.errors import InvalidRequest

PIECE = 256 * 1024
"""Largest piece, in bytes, that is handed to the socket at once."""


@runtime_checkable
class Content(Protocol):
    """A body that can be sent more than once."""

    @property
    def size(self) -> int | None:
        """Its length in bytes, if it is known beforehand."""

    def open(self) -> AsyncIterator[bytes]:
        """Its bytes from the beginning; called anew for each attempt."""


class ContentStream(httpx2.AsyncByteStream):
    """A :class:`Content` as the body of a request; iterating it again sends it again.

    Attributes:
        sent: Bytes handed over since the iteration began.

    Raises:
        InvalidRequest: While iterating, when the content is not as long as its ``size`` says.
    """

    def __init__(self, content: Content) -> None:
        self.content = content
        self.size = content.size
        self.sent = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Open the content and pass it on, as long as it keeps to its size.

        The last chunk is held back until the content has ended: one that is too long must not look whole to the server.
        """
        passed, held, self.sent = 0, b"", 0
        async with AsyncExitStack() as stack:
            source = self.content.open()
            if (close := getattr(source, "aclose", None)) is not None:
                stack.push_async_callback(close)
            async for chunk in source:
                passed += len(chunk)
                if self.size is not None and passed > self.size:
                    raise InvalidRequest(f"the content is longer than the {self.size} bytes that were announced")
                if held:
                    yield held
                    self.sent += len(held)
                held = chunk
        if self.size is not None and passed < self.size:
            raise InvalidRequest(f"the content ended after {passed} of the {self.size} bytes that were announced")
        if held:
            yield held
            self.sent += len(held)


class WatchedBody:
    """A body on its way through aiohttp, which knows no write timeout and hides what became of the body.

    Args:
        stream: The body.
        write: Seconds the peer has to take a piece.
        answer: Seconds more that it has, after the last piece, for the head of its answer.

    Attributes:
        deadline: The scope to send the request in; it moves on with each piece that the peer takes.
        handed: Pieces handed over so far, the end counted as one. At zero not even the headers have left: they go out
            with the first.
        failure: What the body's own source raised.
    """

    def __init__(self, stream: httpx2.AsyncByteStream, *, write: float | None, answer: float | None) -> None:
        self.deadline = asyncio.timeout(None)
        self.handed = 0
        self.failure: Exception | None = None
        self._source = aiter(stream)
        self._rest = b""
        self._write = write
        self._answer = answer
        self._watching = True
        self._idle = asyncio.Event()
        self._idle.set()

    def __aiter__(self) -> "WatchedBody":
        return self

    async def __anext__(self) -> bytes:
        """The next piece; being asked for it means that the peer has taken the one before."""
        self._expect(None)
        if self.handed:
            await asyncio.sleep(0)  # a socket that takes everything at once must not starve the other tasks
        if not self._rest:
            self._rest = await self._ask()
        piece, self._rest = self._rest[:PIECE], self._rest[PIECE:]
        self._expect(self._write)
        self.handed += 1
        return piece

    async def _ask(self) -> bytes:
        self._idle.clear()
        try:
            return await anext(self._source)
        except StopAsyncIteration:
            self.handed += 1
            self._expect(None if self._write is None or self._answer is None else self._write + self._answer)
            raise
        except Exception as error:
            self.failure = error
            raise
        finally:
            self._idle.set()

    def _expect(self, seconds: float | None) -> None:
        if self._watching:
            self.deadline.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)

    def unwatch(self) -> None:
        """The answer is here, or there will be none: the deadline is over."""
        self._watching = False

    async def aclose(self) -> None:
        """Close the source. If it is just being asked, aiohttp has cancelled whoever asks: let that come through."""
        self.unwatch()
        await self._idle.wait()
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()
