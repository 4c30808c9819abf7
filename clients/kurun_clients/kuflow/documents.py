"""Documents on their way to KuFlow and back, never whole in memory."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import BinaryIO

from kurun_clients.http import Content, InvalidRequest
from kurun_clients.http.replies import StreamedReply
from kurun_clients.kuflow.references import KuFlowFile, MalformedReference
from kurun_clients.threads import in_thread

DocumentContent = Content
"""What can be uploaded: anything with a ``size`` and an ``open()`` that gives the bytes anew for each attempt."""

CHUNK = 256 * 1024
"""Bytes read from a file at once; larger holds the event loop longer, smaller costs more hops between threads."""

MAX_NAME = 255
MAX_URI = 2048
_RESOURCE_URI = re.compile(r"ku:[a-z][a-z-]*/[0-9A-Za-z-]+")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(\s*;[\x20-\x7e]*)?")


class BytesContent:
    """A small document that is in memory already."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self._data)

    async def open(self) -> AsyncIterator[bytes]:
        """The bytes, in chunks."""
        for start in range(0, len(self._data), CHUNK):
            yield self._data[start : start + CHUNK]


class FileContent:
    """A file, read in a thread, a chunk at a time.

    Args:
        path: The file.
        size: Its length in bytes, if it is known; otherwise the file is asked here and now.

    Raises:
        OSError: The file cannot be looked at.
    """

    def __init__(self, path: Path, *, size: int | None = None) -> None:
        self.path = path
        self._size = path.stat().st_size if size is None else size

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._size

    def open(self) -> AsyncIterator[bytes]:
        """The file from its beginning."""
        return file_chunks(lambda: self.path.open("rb"))


async def file_chunks(opened: Callable[[], BinaryIO]) -> AsyncIterator[bytes]:
    """The bytes of a file, which is opened, read and closed in threads."""
    file = await in_thread(opened, undo=lambda unwanted: unwanted.close())
    try:
        while chunk := await in_thread(lambda: file.read(CHUNK)):
            yield chunk
    finally:
        await in_thread(file.close)  # waits for a read that a cancellation left behind


@dataclass(frozen=True)
class DocumentDownload:
    """A document that is being downloaded.

    Attributes:
        file_name: Its name, without any folder, if KuFlow gives one.
        content_type: Its media type, if KuFlow gives one.
        size: Its length in bytes, if it is known beforehand.
        chunks: Its bytes, to be iterated once; raises ``ConnectionLost`` or ``RequestTimeout`` if they break off.
    """

    file_name: str | None
    content_type: str | None
    size: int | None
    chunks: AsyncIterator[bytes]

    @classmethod
    def of(cls, reply: StreamedReply) -> "DocumentDownload":
        """Read the head of an answer."""
        length = reply.headers.get("content-length", "")
        return cls(
            file_name=_file_name(reply.headers.get("content-disposition", "")),
            content_type=reply.headers.get("content-type"),
            size=int(length) if length.isascii() and length.isdigit() else None,
            chunks=reply.chunks,
        )


def document_query(file_name: str, content_type: str) -> list[tuple[str, str]]:
    """The query that describes an upload.

    Raises:
        InvalidRequest: The name is empty, too long or not printable, or the type is no media type.
    """
    if not 1 <= len(file_name) <= MAX_NAME or not file_name.isprintable():
        raise InvalidRequest(f"a file name has 1 to {MAX_NAME} printable characters: {file_name[:80]!r}")
    if len(content_type) > MAX_NAME or not _MEDIA_TYPE.fullmatch(content_type):
        raise InvalidRequest(f"not a media type: {content_type[:80]!r}")
    return [("fileContentType", content_type), ("fileName", file_name)]


def document_address(document: str | KuFlowFile) -> str:
    """The address of a document, as KuFlow takes it: its ``ku:`` uri, or the reference that data holds.

    Raises:
        InvalidRequest: It is a malformed reference, or no address at all.
    """
    if isinstance(document, KuFlowFile):
        return document.uri
    if document.startswith(KuFlowFile.PREFIX):
        try:
            KuFlowFile.parse(document)
        except MalformedReference as error:
            raise InvalidRequest(str(error)) from None
    elif not 1 <= len(document) <= MAX_URI or not document.isprintable() or " " in document:
        raise InvalidRequest(f"not the address of a document: {document[:80]!r}")
    return document


def target_address(target: str) -> str:
    """The address of what a document is uploaded for, such as a process's ``uri``.

    Raises:
        InvalidRequest: It is none.
    """
    if len(target) > MAX_URI or not _RESOURCE_URI.fullmatch(target):
        raise InvalidRequest(f"not the address of a resource, such as ku:process/{{id}}: {target[:80]!r}")
    return target


def _file_name(disposition: str) -> str | None:
    # A name from the network must not lead out of the folder that somebody saves it in.
    if not disposition or len(disposition) > 4096:
        return None
    message = EmailMessage()
    try:
        disposition = disposition.encode("latin-1").decode("utf-8", "replace")  # headers come as Latin-1
        message["content-disposition"] = disposition
        name = message.get_filename()
    except (ValueError, IndexError):
        return None
    plain = "".join(c for c in re.split(r"[/\\]", name or "")[-1] if c.isprintable()).strip()
    return plain[:MAX_NAME] if plain and plain not in {".", ".."} else None
