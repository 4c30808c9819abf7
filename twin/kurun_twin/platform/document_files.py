"""The bytes of documents, streamed to disk and never whole in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path
from typing import IO, TypeVar
from uuid import UUID

from kurun_twin.platform.refusals import TooLarge

# Fewer, larger writes: each is a hop to another thread.
_BATCH = 1024**2

Result = TypeVar("Result")


class DocumentFiles:
    """One file a document, named by its id; unfinished ones lie apart and do not survive a restart."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        self._max_bytes = max_bytes

    def prepare(self, known: Collection[str]) -> None:
        """Make the folders, and delete what an earlier run left unfinished or without a record."""
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        unknown = (each for each in self._folder.iterdir() if each.is_file() and each.name not in known)
        for leftover in [*self._incoming.iterdir(), *unknown]:
            leftover.unlink(missing_ok=True)

    def path(self, document_id: str) -> Path:
        """Where the document's bytes lie."""
        return self._folder / str(UUID(document_id))

    async def receive(self, document_id: str, content: AsyncIterator[bytes], announced: int | None) -> int:
        """Write a document and put it in its place when it is whole.

        Args:
            document_id: Its id.
            content: Its bytes, in pieces of any size.
            announced: How many bytes are said to come, if that was said.

        Returns:
            Its size in bytes.

        Raises:
            TooLarge: More bytes than allowed were announced or came; nothing is kept.
        """
        if announced is not None and announced > self._max_bytes:
            raise self._too_large()
        unfinished = self._incoming / document_id
        try:
            size = await self._write(unfinished, content)
            await _off_loop(lambda: unfinished.replace(self.path(document_id)))
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        return size

    async def delete(self, document_id: str) -> None:
        """Delete a document's bytes, if they are there."""
        await _off_loop(lambda: self.path(document_id).unlink(missing_ok=True))

    async def _write(self, path: Path, content: AsyncIterator[bytes]) -> int:
        size, batch, waiting = 0, list[bytes](), 0
        file = await _off_loop(lambda: path.open("xb", buffering=0))
        try:
            async for piece in content:
                size += len(piece)
                waiting += len(piece)
                if size > self._max_bytes:
                    raise self._too_large()
                batch.append(piece)
                if waiting >= _BATCH:
                    await _write_all(file, batch)
                    batch, waiting = [], 0
            await _write_all(file, batch)
        finally:
            file.close()
        return size

    def _too_large(self) -> TooLarge:
        return TooLarge(f"a document may have at most {self._max_bytes} bytes")


async def _write_all(file: IO[bytes], batch: list[bytes]) -> None:
    await _off_loop(lambda: file.writelines(batch))


async def _off_loop(work: Callable[[], Result]) -> Result:
    # A cancelled caller waits too: the file must not be closed under a thread that writes it.
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
