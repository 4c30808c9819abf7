"""Documents linked into the data of a task, once, whatever is repeated or happens at the same time."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.exceptions import ApplicationError

from kurun_activities import document_links, models, process_items
from kurun_activities.context import ActivityContext
from kurun_activities.failure_types import FAILURE, VALIDATION_FAILURE
from kurun_clients.kuflow import KuFlowFile
from kurun_clients.kuflow.models import JsonValue
from tests.activity_runs import fails, run
from tests.integration.activities.uploads import uploaded
from tests.kuflow_api import KuFlowApi
from tests.waiting import until


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
