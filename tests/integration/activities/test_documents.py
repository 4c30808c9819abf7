"""Documents through KuFlow's API: uploaded and downloaded, streaming, within limits."""

import asyncio
import hashlib
import sqlite3
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from kurun_activities import documents, models
from kurun_activities.context import ActivityContext
from kurun_activities.failure_types import REST_FAILURE, VALIDATION_FAILURE
from kurun_clients.kuflow import KuFlowFile
from kurun_config import DocumentSettings
from tests.activity_runs import fails, run
from tests.integration.activities.uploads import uploaded
from tests.kuflow_api import KuFlowApi

MEBIBYTE = 1024 * 1024


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A document folder."""
    folder = tmp_path / "documents"
    folder.mkdir()
    return folder


@pytest.fixture
async def context(api: KuFlowApi, root: Path) -> AsyncIterator[ActivityContext]:
    """A worker with that folder, which may fetch from the API's own host."""
    host = api.endpoint.split("/")[2]
    made = ActivityContext(kuflow=api.worker, documents=DocumentSettings(roots=(root,), url_hosts=(host,)))
    yield made
    await made.aclose()


async def downloaded(
    context: ActivityContext, process_id: UUID, document_uri: str, path: str = "copy.pdf"
) -> models.ProcessDocumentDownloadResponse:
    """Download a document."""
    request = models.ProcessDocumentDownloadRequest(process_id=process_id, document_uri=document_uri, path=path)
    return await run(context, documents.download_process_document, request)


def names(folder: Path) -> list[str]:
    """Everything in a folder, hidden files too."""
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("size", [0, 1, 3 * MEBIBYTE + 1])
@pytest.mark.parametrize("whole", [True, False])
async def test_a_local_file_goes_there_and_back(
    context: ActivityContext, process_id: UUID, root: Path, size: int, whole: bool
) -> None:
    """What was uploaded comes back byte for byte, by its uri or by its whole reference."""
    content = bytes(range(256)) * (size // 256 + 1)
    (root / "letter.pdf").write_bytes(content[:size])

    sent = await uploaded(context, process_id, path="letter.pdf")
    received = await downloaded(context, process_id, sent.reference if whole else sent.document_uri)

    file = KuFlowFile.parse(sent.reference)
    assert (file.uri, file.type, file.size, file.name) == (sent.document_uri, "application/pdf", size, "letter.pdf")
    assert (root / "copy.pdf").read_bytes() == content[:size]
    digest = hashlib.sha256(content[:size]).hexdigest()
    assert (received.path, received.size, received.sha256) == (str(root / "copy.pdf"), size, digest)


async def test_inline_bytes_are_uploaded(context: ActivityContext, process_id: UUID, root: Path) -> None:
    """A small document may come inside the request; its type is guessed from its name, or is plain bytes."""
    sent = await uploaded(context, process_id, name="data", inline=b"hello")
    await downloaded(context, process_id, sent.document_uri)

    assert KuFlowFile.parse(sent.reference).type == "application/octet-stream"
    assert (root / "copy.pdf").read_bytes() == b"hello"


async def test_a_document_from_the_web_is_uploaded(
    context: ActivityContext, process_id: UUID, root: Path, web: str
) -> None:
    """A document is passed on from an allowed host as it comes."""
    sent = await uploaded(
        replaced(context, web), process_id, name="page.html", url=f"http://{web}/doc?signature=s3cret"
    )
    await downloaded(context, process_id, sent.document_uri)

    assert (sent.size, KuFlowFile.parse(sent.reference).type) == (5, "text/html")
    assert (root / "copy.pdf").read_bytes() == b"hello"


@pytest.fixture
async def web() -> AsyncIterator[str]:
    """A host that serves a small document, without announcing its size."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def replaced(context: ActivityContext, host: str) -> ActivityContext:
    """The same worker, allowed to fetch from another host."""
    return replace(context, documents=context.documents.model_copy(update={"url_hosts": (host,)}))


@pytest.mark.parametrize("source", [{"path": "../x"}, {"path": "missing"}, {"url": "http://127.0.0.2/x"}])
async def test_a_source_that_is_not_allowed_sends_nothing(
    context: ActivityContext, api: KuFlowApi, process_id: UUID, source: dict[str, str]
) -> None:
    """Nothing is asked of KuFlow before the source is known to be allowed."""
    before = api.requests("uploadProcessDocument")

    failure = await fails(uploaded(context, process_id, **source))

    assert (failure.type, failure.non_retryable) == (VALIDATION_FAILURE, True)
    assert before == api.requests("uploadProcessDocument")


async def test_a_document_over_the_limit_is_broken_off(
    context: ActivityContext, process_id: UUID, api: KuFlowApi, web: str
) -> None:
    """A source that hides its size is stopped at the limit; KuFlow keeps nothing of it."""
    small = replaced(context, web)
    small = replace(small, documents=small.documents.model_copy(update={"max_bytes": 4}))

    failure = await fails(uploaded(small, process_id, url=f"http://{web}/doc"))

    assert (failure.type, failure.non_retryable) == (VALIDATION_FAILURE, True)
    assert "larger than the 4 bytes" in failure.message
    assert await documents_of(api, process_id) == []


async def test_a_form_that_kuflow_does_not_render_leaves_nothing(
    context: ActivityContext, task_id: UUID, root: Path
) -> None:
    """Tenants have to ask for rendered forms: a refusal ends the activity, and no file appears."""
    request = models.ProcessItemTaskDataWebformsDownloadRequest(
        process_item_id=task_id, property_path="/form", path="form.pdf"
    )

    failure = await fails(run(context, documents.download_process_item_task_data_webforms, request))

    assert (failure.type, failure.details[0]["status"]) == (REST_FAILURE, 403)
    assert names(root) == []


async def documents_of(api: KuFlowApi, process_id: UUID) -> list[Any]:
    """What KuFlow keeps of a process's documents."""

    def select(connection: sqlite3.Connection) -> list[Any]:
        return list(connection.execute("SELECT id FROM documents WHERE owner_id = ?", (str(process_id),)))

    return await api.platform.database.run(select)


async def test_a_download_over_the_limit_leaves_nothing(context: ActivityContext, process_id: UUID, root: Path) -> None:
    """The limit binds what comes from KuFlow too."""
    sent = await uploaded(context, process_id, inline=b"hello")
    small = replace(context, documents=context.documents.model_copy(update={"max_bytes": 4}))

    failure = await fails(downloaded(small, process_id, sent.document_uri))

    assert (failure.type, failure.non_retryable) == (VALIDATION_FAILURE, True)
    assert names(root) == []


@pytest.mark.parametrize("path", ["../copy.pdf", "missing/copy.pdf", "/etc/copy.pdf"])
async def test_a_download_stays_inside_the_folders(
    context: ActivityContext, process_id: UUID, root: Path, path: str
) -> None:
    """Nothing is written anywhere else."""
    sent = await uploaded(context, process_id, inline=b"hello")

    failure = await fails(downloaded(context, process_id, sent.document_uri, path))

    assert (failure.type, failure.non_retryable) == (VALIDATION_FAILURE, True)
    assert (names(root), (root.parent / "copy.pdf").exists()) == ([], False)


async def test_a_document_that_is_not_there_leaves_nothing(
    context: ActivityContext, process_id: UUID, root: Path
) -> None:
    """A refused download neither replaces nor leaves a file."""
    (root / "copy.pdf").write_text("old")

    failure = await fails(downloaded(context, process_id, f"ku:process/{process_id}/document/{uuid4()}"))

    assert (failure.type, failure.non_retryable, failure.details[0]["status"]) == (REST_FAILURE, True, 404)
    assert (names(root), (root / "copy.pdf").read_text()) == (["copy.pdf"], "old")


async def test_progress_is_in_the_heartbeat(context: ActivityContext, process_id: UUID, root: Path) -> None:
    """While a document is under way its heartbeat tells bytes and total, up and down."""
    (root / "large").write_bytes(bytes(8 * MEBIBYTE))
    beats: list[dict[str, int]] = []
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, heartbeat_timeout=timedelta(milliseconds=3))
    environment.on_heartbeat = lambda *details: beats.extend(details)
    up = models.ProcessDocumentUploadRequest(
        process_id=process_id, file_name="large", source=models.DocumentSource(path="large")
    )

    sent = await run(context, documents.upload_process_document, up, environment=environment)
    beats_up, beats = beats, []
    down = models.ProcessDocumentDownloadRequest(process_id=process_id, document_uri=sent.document_uri, path="copy")
    await run(context, documents.download_process_document, down, environment=environment)

    for reported in (beats_up, beats):
        assert {beat["total"] for beat in reported} == {8 * MEBIBYTE}
        assert [beat["bytes"] for beat in reported] == sorted(beat["bytes"] for beat in reported)


async def test_memory_does_not_grow_with_the_document(context: ActivityContext, process_id: UUID, root: Path) -> None:
    """A document of 64 MiB goes up and comes down within a few MiB."""
    with (root / "large").open("wb") as file:
        file.truncate(64 * MEBIBYTE)
    await uploaded(context, process_id, inline=b"warm")
    tracemalloc.start()
    try:
        sent = await uploaded(context, process_id, path="large")
        await downloaded(context, process_id, sent.document_uri)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert sent.size == 64 * MEBIBYTE
    assert peak < 16 * MEBIBYTE
