"""The bytes of a document on their way to KuFlow: from a local file, the web, or the request itself."""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import BinaryIO

import httpx2

from kurun_activities.context import ActivityContext
from kurun_activities.failures import failure, validation_failure
from kurun_activities.local_files import open_for_reading
from kurun_activities.models import DocumentSource
from kurun_activities.web import shown
from kurun_clients.kuflow import BytesContent, DocumentContent
from kurun_clients.kuflow.documents import file_chunks
from kurun_clients.threads import in_thread
from kurun_config import DocumentSettings, variable


@asynccontextmanager
async def opened(source: DocumentSource, context: ActivityContext) -> AsyncIterator[DocumentContent]:
    """The content of a source; while the block runs it can be read from the beginning as often as needed.

    Raises:
        ApplicationError: A validation failure if the worker may not read it or it is too large.
    """
    limits = context.documents
    if source.inline is not None:
        refuse_too_large(
            len(source.inline), limits.max_inline_bytes, "an inline document", "documents.max_inline_bytes"
        )
        yield BytesContent(source.inline)
    elif source.path is not None:
        file = LocalFile(source.path, limits)
        await file.measure()
        refuse_too_large(file.size, limits.max_bytes, source.path)
        yield file
    else:
        assert source.url is not None  # noqa: S101 - the model holds exactly one of the three
        async with context.web.get(source.url, limits.url_hosts) as response:
            page = WebPage(source.url, response, context)
            refuse_too_large(page.size, limits.max_bytes, shown(response.request.url))
            yield page


class LocalFile:
    """A file in one of the worker's document folders; where it lies is checked at each opening."""

    def __init__(self, path: str, limits: DocumentSettings) -> None:
        self._path = path
        self._limits = limits
        self.size: int | None = None

    async def measure(self) -> None:
        """Learn the size, and whether it may be read at all."""
        self.size = await in_thread(self._measure)

    def open(self) -> AsyncIterator[bytes]:
        """Its bytes, read in threads."""
        return file_chunks(self._open)

    def _open(self) -> BinaryIO:
        return open_for_reading(self._path, self._limits.roots)

    def _measure(self) -> int:
        with self._open() as file:
            return os.fstat(file.fileno()).st_size


class WebPage:
    """An answer from the web; asked for again when it has to be read again."""

    def __init__(self, address: str, response: httpx2.Response, context: ActivityContext) -> None:
        self._address = address
        self._context = context
        self._unread: httpx2.Response | None = response
        self.size = _announced(response)

    async def open(self) -> AsyncIterator[bytes]:
        """Its bytes.

        Raises:
            ApplicationError: The source breaks off, or sends another length than it announced: worth another attempt.
        """
        if self._unread is not None:
            response, self._unread = self._unread, None
            async with aclosing(self._read(response)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        async with self._context.web.get(self._address, self._context.documents.url_hosts) as response:
            if _announced(response) != self.size:
                raise failure(f"GET {shown(response.request.url)}: the document changed between two reads")
            async with aclosing(self._read(response)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _read(self, response: httpx2.Response) -> AsyncGenerator[bytes, None]:
        passed = 0
        try:
            async for piece in response.aiter_raw():
                passed += len(piece)
                yield piece
        except httpx2.TransportError as error:
            raise failure(f"GET {shown(response.request.url)}: {error}") from error
        if self.size is not None and passed != self.size:
            raise failure(f"GET {shown(response.request.url)}: {passed} bytes came of {self.size} announced")


class Watched:
    """Passes a content on, counts its bytes and stops it at a limit.

    Args:
        content: What is read.
        limit: Most bytes that may pass, whatever the content announced.
        report: Told after each piece how many bytes have passed since the beginning.
    """

    def __init__(self, content: DocumentContent, limit: int, report: Callable[[int], None]) -> None:
        self._content = content
        self._limit = limit
        self._report = report
        self.size = content.size
        self.passed = 0

    async def open(self) -> AsyncIterator[bytes]:
        """The bytes; counting starts anew.

        Raises:
            ApplicationError: A validation failure at the limit.
        """
        self.passed = 0
        async with _closing(self._content.open()) as pieces:
            async for piece in pieces:
                self.passed += len(piece)
                refuse_too_large(self.passed, self._limit, "the document")
                self._report(self.passed)
                yield piece


@asynccontextmanager
async def _closing(pieces: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    try:
        yield pieces
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def _announced(response: httpx2.Response) -> int | None:
    length = response.headers.get("content-length", "")
    return int(length) if length.isdecimal() and "content-encoding" not in response.headers else None


def refuse_too_large(size: int | None, limit: int, what: str, setting: str = "documents.max_bytes") -> None:
    """Hold a document against a limit, which a setting names.

    Raises:
        ApplicationError: A validation failure: it is larger.
    """
    if size is not None and size > limit:
        raise validation_failure(
            f"{what} is larger than the {limit} bytes that the worker allows ({variable(setting)})"
        )
