"""Documents: streamed both ways, repeated whole, and never trusted to be what they claim."""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx2
import psutil
import pytest

from kurun_clients.http import (
    ConnectionLost,
    InvalidRequest,
    InvalidResponse,
    NotFound,
    RequestTimeout,
)
from kurun_clients.kuflow import BasicAuth, BytesContent, DocumentContent, DocumentDownload, FileContent, KuFlowClient
from tests.unit.loopback import Loopback, Peer, Script, answering, hang_up, serving, status

ONE = UUID("11111111-1111-4111-8111-111111111111")
AUTH = BasicAuth("robot", "hunter2")
REFERENCE = json.dumps({"documentUri": "ku:process/1/document/2"}).encode()
STORED = status(200, REFERENCE)


async def upload(server: Loopback, content: DocumentContent) -> str:
    """Upload, and say where it lies."""
    async with KuFlowClient(server.url, auth=AUTH) as kuflow:
        reference = await kuflow.processes.upload_document(
            ONE, content, file_name="a.bin", content_type="application/octet-stream"
        )
        return reference.document_uri


LARGE = os.urandom(700_001)  # several chunks and a bit


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of several chunks."""
    file = tmp_path / "large.bin"
    file.write_bytes(LARGE)
    return file


async def test_a_file_arrives_whole_with_its_length(large: Path) -> None:
    """The bytes of the file, announced by their number."""
    async with serving(answering(STORED)) as server:
        uri = await upload(server, FileContent(large))

    (request,) = server.received
    assert uri == "ku:process/1/document/2"
    assert request.headers["content-length"] == "700001"
    assert request.body == LARGE


async def test_a_content_of_unknown_length_is_sent_in_chunks() -> None:
    """Without a size there is no length to announce, and every byte arrives."""

    class Unknown:
        size = None

        async def open(self) -> AsyncIterator[bytes]:
            for n in range(5):
                yield bytes([n]) * 1000

    async with serving(answering(STORED)) as server:
        await upload(server, Unknown())

    (request,) = server.received
    assert request.headers["transfer-encoding"] == "chunked"
    assert request.body == b"".join(bytes([n]) * 1000 for n in range(5))


@pytest.mark.parametrize("kind", ["file", "bytes"])
async def test_a_repeated_upload_sends_all_its_bytes_again(large: Path, kind: str) -> None:
    """503 with a short Retry-After: the second attempt opens the content anew."""
    content = FileContent(large) if kind == "file" else BytesContent(LARGE)

    async with serving(answering(status(503, retry_after="0"), STORED)) as server:
        await upload(server, content)

    digests = [hashlib.sha256(request.body).digest() for request in server.received]
    assert digests == [hashlib.sha256(LARGE).digest()] * 2


async def test_an_upload_whose_answer_is_lost_is_not_repeated(large: Path) -> None:
    """It may lie there already: whoever called decides."""
    async with serving(answering(hang_up, STORED)) as server:
        with pytest.raises(ConnectionLost):
            await upload(server, FileContent(large))

    assert len(server.received) == 1


async def test_a_file_that_grows_or_shrinks(large: Path) -> None:
    """InvalidRequest says so; KuFlow never has a whole document."""
    contents = FileContent(large, size=700_000), FileContent(large, size=700_002)

    async with serving(answering(STORED)) as server:
        with pytest.raises(InvalidRequest, match="longer than the 700000 bytes"):
            await upload(server, contents[0])
        with pytest.raises(InvalidRequest, match="ended after 700001 of the 700002 bytes"):
            await upload(server, contents[1])

    assert not any(len(request.body) >= 700_000 for request in server.received)


async def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The file's own error, at once or when it vanishes later."""
    with pytest.raises(FileNotFoundError):
        FileContent(tmp_path / "none")

    async with serving(answering(STORED)) as server:
        with pytest.raises(FileNotFoundError):
            await upload(server, FileContent(tmp_path / "none", size=5))


async def test_a_cancelled_upload_closes_its_file(large: Path) -> None:
    """Cancelled while the server takes nothing: no open file stays behind."""
    here = asyncio.Event()

    async def takes_nothing(peer: Peer) -> None:
        await peer.receive(body=False)
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        here.set()
        await asyncio.Event().wait()

    with large.open("ab") as file:
        file.truncate(64 * 1024 * 1024)
    async with serving(takes_nothing) as server:
        uploading = asyncio.create_task(upload(server, FileContent(large)))
        await here.wait()
        uploading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await uploading

    assert [file.path for file in psutil.Process().open_files() if file.path == str(large)] == []


async def test_an_upload_neither_fills_the_memory_nor_holds_the_loop(tmp_path: Path) -> None:
    """64 MiB pass with less than 16 MiB more memory, and no turn of the loop works longer than 50 ms."""
    file = tmp_path / "huge.bin"
    with file.open("wb") as out:
        out.truncate(64 * 1024 * 1024)

    async def swallow(peer: Peer) -> None:
        request = await peer.receive(body=False)
        left = int(request.headers["content-length"])
        while left:
            left -= len(await peer.reader.read(65536))
        await peer.answer(200, REFERENCE)

    turns: list[float] = []
    memory: list[int] = []

    async def watch() -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.001)  # the measuring interval
            turns.append(time.thread_time() - before)
            memory.append(psutil.Process().memory_info().rss)

    async with serving(swallow) as server:
        watching = asyncio.create_task(watch())
        await upload(server, FileContent(file))
        watching.cancel()

    assert max(turns) < 0.05
    assert max(memory) - memory[0] < 16 * 1024 * 1024


def documents(body: bytes, **headers: str) -> Script:
    """A server that answers with a document."""
    return answering(status(200, body, **headers))


async def download(script: Script) -> tuple[DocumentDownload, bytes, str]:
    """The document, its bytes, and the target of the request."""
    async with serving(script) as server, KuFlowClient(server.url, auth=AUTH) as kuflow:
        async with kuflow.processes.download_document(ONE, "ku:process/1/document/2?x=y&z") as document:
            content = b"".join([chunk async for chunk in document.chunks])
        return document, content, server.received[0].target


async def test_a_document_comes_back() -> None:
    """Its bytes, name, type and length; it is asked for by its URI."""
    body = os.urandom(700_001)
    script = documents(body, content_type="application/pdf", content_disposition='attachment; filename="a b.pdf"')

    document, content, target = await download(script)

    assert content == body
    assert (document.file_name, document.content_type, document.size) == ("a b.pdf", "application/pdf", 700_001)
    path, _, query = target.partition("?")
    assert path == f"/processes/{ONE}/~actions/download-document"
    assert query == "documentUri=ku%3Aprocess%2F1%2Fdocument%2F2%3Fx%3Dy%26z"


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        ("attachment; filename=plain.pdf", "plain.pdf"),
        ("attachment; filename*=UTF-8''na%C3%AFve%20file.pdf", "naïve file.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\x.txt"', "x.txt"),
        ("attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
        ('attachment; filename=".."', None),
        ('attachment; filename="   "', None),
        ("attachment", None),
        ("", None),
        (";;;=", None),
        ('attachment; filename="' + "x" * 5000 + '"', None),
        ('attachment; filename="' + "x" * 300 + '"', "x" * 255),
    ],
)
async def test_the_name_of_a_document_is_only_a_name(disposition: str, expected: str | None) -> None:
    """Folders are cut off, and what is no name counts as none."""
    document, _, _ = await download(documents(b"x", content_disposition=disposition))

    assert document.file_name == expected


async def test_a_web_form_as_a_document() -> None:
    """Rendered forms are downloaded the same way, by the JSON pointer of the form."""
    async with (
        serving(documents(b"%PDF", content_type="application/pdf")) as server,
        KuFlowClient(server.url, auth=AUTH) as kuflow,
        kuflow.process_items.download_webforms_as_document(ONE, "/form/0") as document,
    ):
        content = b"".join([chunk async for chunk in document.chunks])

    assert (content, document.content_type) == (b"%PDF", "application/pdf")
    assert server.received[0].target.startswith(
        f"/process-items/{ONE}/task/data/~actions/download-webforms-as-document"
    )


async def test_a_download_that_breaks_in_the_middle() -> None:
    """ConnectionLost after the bytes that came; the caller begins anew."""

    async def half(peer: Peer) -> None:
        await peer.receive()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + b"x" * 50)

    got: list[bytes] = []

    async def save(document: DocumentDownload) -> None:
        async for chunk in document.chunks:
            got.append(chunk)  # noqa: PERF401 - what came before the break counts

    async with (
        serving(half) as server,
        KuFlowClient(server.url, auth=AUTH) as kuflow,
        kuflow.processes.download_document(ONE, "ku:1") as document,
    ):
        with pytest.raises(ConnectionLost, match="in the middle of the answer"):
            await save(document)

    assert (b"".join(got), len(server.received)) == (b"x" * 50, 1)


async def test_a_download_that_stalls() -> None:
    """RequestTimeout in phase read."""

    async def stalls(peer: Peer) -> None:
        await peer.receive()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + b"x" * 50)
        await peer.until_gone()

    async with (
        serving(stalls) as server,
        KuFlowClient(server.url, auth=AUTH, timeout=httpx2.Timeout(5, read=0.1)) as kuflow,
        kuflow.processes.download_document(ONE, "ku:1") as document,
    ):
        await anext(document.chunks)
        with pytest.raises(RequestTimeout) as caught:
            await anext(document.chunks)

    assert caught.value.phase == "read"


async def test_a_download_left_early_frees_its_connection() -> None:
    """Leaving the block drops the connection; the only one there may be is free again."""
    body = os.urandom(8 * 1024 * 1024)

    async with (
        serving(documents(body)) as server,
        KuFlowClient(server.url, auth=AUTH, max_connections=1) as kuflow,
    ):
        firsts = []
        for _ in range(2):
            async with kuflow.processes.download_document(ONE, "ku:1") as document:
                firsts.append(await anext(document.chunks))

    assert [body.startswith(first) for first in firsts] == [True, True]
    assert server.connections == 2


async def test_a_download_that_is_refused() -> None:
    """The refusal comes before the block is entered."""
    async with serving(answering(status(404))) as server, KuFlowClient(server.url, auth=AUTH) as kuflow:
        with pytest.raises(NotFound):
            async with kuflow.processes.download_document(ONE, "ku:1"):
                pytest.fail("entered")


async def test_a_download_is_asked_for_again_until_its_head_is_there() -> None:
    """Reading may be repeated: a lost answer, then the document."""
    _, content, _ = await download(answering(hang_up, status(200, b"whole")))

    assert content == b"whole"


async def test_a_packed_document_is_refused() -> None:
    """It was asked for as it is; unpacking could fill any disk."""
    with pytest.raises(InvalidResponse, match="packed"):
        await download(documents(b"x", content_encoding="gzip"))
