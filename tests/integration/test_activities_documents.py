"""Documents through KuFlow's API: uploaded, downloaded and linked, streaming, once."""

import asyncio
import hashlib
import sqlite3
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from kurun_activities import document_links, documents, models, process_items
from kurun_activities.context import ActivityContext
from kurun_activities.failure_types import FAILURE, REST_FAILURE, VALIDATION_FAILURE
from kurun_clients.kuflow import KuFlowFile
from kurun_clients.kuflow.models import JsonValue, ProcessCreateParams, ProcessItemCreateParams, ProcessItemType
from kurun_config import DocumentSettings
from tests.activity_runs import run
from tests.kuflow_api import KuFlowApi, kuflow_api

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
async def serving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KuFlowApi]:
    """The API, for all tests of this module."""
    async with kuflow_api(tmp_path_factory.mktemp("kuflow")) as api:
        yield api


@pytest.fixture
async def api(serving: KuFlowApi) -> AsyncIterator[KuFlowApi]:
    """The API, behaving well before and after."""
    serving.scenario.clear()
    yield serving
    serving.scenario.clear()


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


@pytest.fixture
async def process_id(api: KuFlowApi) -> UUID:
    """A running process."""
    params = ProcessCreateParams(id=uuid4(), tenant_id=api.tenant_id, process_definition_code="LOAN")
    return (await api.worker.processes.create(params)).id


@pytest.fixture
async def task_id(api: KuFlowApi, process_id: UUID) -> UUID:
    """A task without data."""
    params = ProcessItemCreateParams(
        id=uuid4(), type=ProcessItemType.TASK, process_id=process_id, process_item_definition_code="FORM"
    )
    return (await api.worker.process_items.create(params)).id


async def uploaded(
    context: ActivityContext, process_id: UUID, *, name: str = "letter.pdf", **source: Any
) -> models.ProcessDocumentUploadResponse:
    """Upload a document."""
    request = models.ProcessDocumentUploadRequest(
        process_id=process_id, file_name=name, source=models.DocumentSource(**source)
    )
    return await run(context, documents.upload_process_document, request)


async def downloaded(
    context: ActivityContext, process_id: UUID, document_uri: str, path: str = "copy.pdf"
) -> models.ProcessDocumentDownloadResponse:
    """Download a document."""
    request = models.ProcessDocumentDownloadRequest(process_id=process_id, document_uri=document_uri, path=path)
    return await run(context, documents.download_process_document, request)


def names(folder: Path) -> list[str]:
    """Everything in a folder, hidden files too."""
    return sorted(entry.name for entry in folder.iterdir())


async def fails(call: Any) -> ApplicationError:
    """The failure that an activity ends with."""
    with pytest.raises(ApplicationError) as caught:
        await call
    return caught.value


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


async def linked(
    context: ActivityContext, task_id: UUID, reference: str, path: str, **info: Any
) -> models.ProcessItemTaskDocumentLinkResponse:
    """Link a document."""
    request = models.ProcessItemTaskDocumentLinkRequest(process_item_id=task_id, reference=reference, path=path)
    return await run(context, document_links.link_process_item_task_document, request, **info)


async def data_of(api: KuFlowApi, task_id: UUID) -> Any:
    """A task's data as it is now."""
    item = await api.worker.process_items.retrieve(task_id)
    assert item.task is not None
    return item.task.data.value if item.task.data else None


async def save(api: KuFlowApi, task_id: UUID, **data: Any) -> None:
    """Save data in a task."""
    await api.worker.process_items.update_data(task_id, JsonValue.of(data))


@pytest.fixture
async def reference(context: ActivityContext, process_id: UUID) -> str:
    """An uploaded document."""
    return (await uploaded(context, process_id, inline=b"hello")).reference


@pytest.mark.parametrize(
    ("data", "path", "expected"),
    [
        (None, "/contract", {"contract": "REF"}),
        (None, "/contracts/-", {"contracts": ["REF"]}),
        ({"a": 1}, "/contract", {"a": 1, "contract": "REF"}),
        ({"contract": "old"}, "/contract", {"contract": "REF"}),
        ({"contract": None}, "/contract", {"contract": "REF"}),
        ({"a": {}}, "/a/contracts/-", {"a": {"contracts": ["REF"]}}),
        ({"l": ["x"]}, "/l/-", {"l": ["x", "REF"]}),
        ({"l": ["x", "y"]}, "/l/0", {"l": ["REF", "y"]}),
        ({"l": [{}]}, "/l/0/a~1b", {"l": [{"a/b": "REF"}]}),
    ],
)
async def test_a_document_is_linked(
    context: ActivityContext,
    api: KuFlowApi,
    task_id: UUID,
    reference: str,
    *,
    data: dict[str, Any] | None,
    path: str,
    expected: dict[str, Any],
) -> None:
    """A property is set and a list appended to; a missing list is made, and nothing else is touched."""
    if data is not None:
        await save(api, task_id, **data)

    await linked(context, task_id, reference, path)

    assert expected == replace_text(await data_of(api, task_id), reference)


def replace_text(value: Any, reference: str) -> Any:
    """The value with the reference as ``REF``."""
    if isinstance(value, dict):
        return {name: replace_text(each, reference) for name, each in value.items()}
    if isinstance(value, list):
        return [replace_text(each, reference) for each in value]
    return "REF" if value == reference else value


@pytest.mark.parametrize("path", ["/contract", "/contracts/-"])
@pytest.mark.parametrize("drop", ["before", "after"])
async def test_a_document_is_linked_once(
    context: ActivityContext, api: KuFlowApi, task_id: UUID, reference: str, *, path: str, drop: str
) -> None:
    """Whether a lost attempt had arrived or not, the document is linked exactly once after the retry."""
    await save(api, task_id, a=1)
    api.misbehave(method="PATCH", drop=drop, times=1)
    await fails(linked(context, task_id, reference, path))

    await linked(context, task_id, reference, path, attempt=2)
    before = api.requests("patchProcessItemTaskData")
    await linked(context, task_id, reference, path)

    assert str(await data_of(api, task_id)).count(reference) == 1
    assert before == api.requests("patchProcessItemTaskData")


async def test_a_reference_in_another_spelling_is_the_same_document(
    context: ActivityContext, api: KuFlowApi, task_id: UUID, reference: str
) -> None:
    """A document is told by its uri, not by how its reference is written."""
    file = KuFlowFile.parse(reference)
    await save(api, task_id, l=[str(replace(file, original_name="scan.pdf"))])

    await linked(context, task_id, reference, "/l/-")

    assert len((await data_of(api, task_id))["l"]) == 1


async def test_two_documents_that_look_alike_are_both_linked(
    context: ActivityContext, api: KuFlowApi, process_id: UUID, task_id: UUID
) -> None:
    """The same name, type and size do not make two documents one, not even in a retry."""
    for _ in range(2):
        sent = await uploaded(context, process_id, inline=b"hello")
        await linked(context, task_id, sent.reference, "/l/-", attempt=2)

    assert len((await data_of(api, task_id))["l"]) == 2


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "whole data"),
        ("contract", "JSON pointer"),
        ("/-", "no list"),
        ("/missing/contract", "no object"),
        ("/missing/list/-", "no list"),
        ("/number/-", "no list"),
        ("/number/x", "no object"),
        ("/l/7", "no object"),
    ],
)
async def test_a_place_that_is_not_there_is_refused(
    context: ActivityContext, api: KuFlowApi, task_id: UUID, reference: str, *, path: str, reason: str
) -> None:
    """The parents of a link have to exist."""
    await save(api, task_id, number=1, l=[])

    failure = await fails(linked(context, task_id, reference, path))

    assert (failure.type, failure.non_retryable) == (VALIDATION_FAILURE, True)
    assert reason in failure.message


async def test_what_is_no_reference_is_refused(context: ActivityContext, task_id: UUID) -> None:
    """Only a document's reference is linked."""
    failure = await fails(linked(context, task_id, "contract.pdf", "/contract"))

    assert (failure.type, failure.non_retryable) == (VALIDATION_FAILURE, True)


async def test_only_tasks_take_documents(context: ActivityContext, process_id: UUID, reference: str) -> None:
    """A message has no task data to link into."""
    request = models.ProcessItemCreateRequest.model_validate(
        {"id": str(uuid4()), "type": "MESSAGE", "process_id": str(process_id), "message": {"text": "hello"}}
    )
    message = await run(context, process_items.create_process_item, request)

    failure = await fails(linked(context, message.process_item.id, reference, "/contract"))

    assert "is no task" in failure.message


async def test_a_change_between_reading_and_linking_is_retried(
    context: ActivityContext, api: KuFlowApi, task_id: UUID, reference: str
) -> None:
    """The guard refuses to write over someone else's change; the failure is one that Temporal repeats."""
    await save(api, task_id, l=["x"])
    api.misbehave(method="PATCH", delay_ms=300)

    linking = asyncio.create_task(fails(linked(context, task_id, reference, "/l/-")))
    await until(lambda: api.scenario.snapshot()["rules"][0]["met"] == 1)
    await save(api, task_id, l=["x", "y"])
    failure = await linking

    assert (failure.type, failure.non_retryable) == (FAILURE, False)
    assert await data_of(api, task_id) == {"l": ["x", "y"]}


async def until(condition: Callable[[], bool]) -> None:
    """Poll a condition until it holds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_links_made_at_the_same_time_are_all_there(
    context: ActivityContext, api: KuFlowApi, process_id: UUID, task_id: UUID
) -> None:
    """A link whose list changed between reading and writing overwrites nothing: it is tried again, as Temporal does."""
    sent = [await uploaded(context, process_id, name=f"{number}.pdf", inline=b"x") for number in range(4)]
    await save(api, task_id, l=[])

    async def link(reference: str) -> None:
        for attempt in range(1, 20):
            with suppress(ApplicationError):
                await linked(context, task_id, reference, "/l/-", attempt=attempt)
                return

    await asyncio.gather(*(link(each.reference) for each in sent))

    assert sorted(each.reference for each in sent) == sorted((await data_of(api, task_id))["l"])
