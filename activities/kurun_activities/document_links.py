"""The activity that links an uploaded document into a task's data."""

from typing import Any

from kurun_activities import context
from kurun_activities.failures import failure, validation_failure
from kurun_activities.models import ProcessItemTaskDocumentLinkRequest, ProcessItemTaskDocumentLinkResponse
from kurun_activities.patches import ABSENT, at, pointer, tokens
from kurun_clients.http import StatusError
from kurun_clients.kuflow import KuFlowFile
from kurun_clients.kuflow.models import JsonPatchOperation, JsonPatchOperationType, JsonValue, ProcessItem

_GUARD_REFUSALS = (400, 409, 412, 422)  # KuFlow does not document which one a failed `test` gets


async def link_process_item_task_document(
    request: ProcessItemTaskDocumentLinkRequest,
) -> ProcessItemTaskDocumentLinkResponse:
    """Put a document's reference into a task's data, once.

    A path to a property sets it; one that ends in ``/-`` appends to a list, which is created if it is missing in an
    object that exists. If the reference (told by its uri) already stands there, nothing is sent, so a retry links
    nothing twice. The patch is guarded by a ``test`` of what was read: if someone changes that place meanwhile, the
    activity is tried again on the new data and overwrites nothing. Only a task that holds no data at all cannot be
    patched: its data is put, and what somebody saves in that very moment is lost.
    """
    items = context.current().kuflow.process_items
    reference, parts = _checked(request)
    item = await items.retrieve(request.process_item_id)
    held = _data(item)
    patch = _patch({} if held is None else held, parts, reference)
    if patch is None:
        return ProcessItemTaskDocumentLinkResponse(process_item=item)
    try:
        if held is None:  # there is no document to patch yet
            [name] = tokens(patch[-1].path)
            item = await items.update_data(request.process_item_id, JsonValue.of({name: patch[-1].value}))
        else:
            item = await items.patch_data(request.process_item_id, patch)
    except StatusError as refusal:
        changed = refusal.status in _GUARD_REFUSALS and _data(await items.retrieve(request.process_item_id)) != held
        if not changed:
            raise
        raise failure("the task's data changed while the document was being linked") from refusal
    return ProcessItemTaskDocumentLinkResponse(process_item=item)


def _checked(request: ProcessItemTaskDocumentLinkRequest) -> tuple[KuFlowFile, list[str]]:
    try:
        reference, parts = KuFlowFile.parse(request.reference), tokens(request.path)
    except ValueError as error:
        raise validation_failure(f"cannot link the document: {error}") from None
    if not parts:
        raise validation_failure("path: names the whole data, not a place in it")
    return reference, parts


def _data(item: ProcessItem) -> dict[str, Any] | None:
    if item.task is None:
        raise validation_failure(f"process item {item.id} is no task: documents are linked into a task's data")
    return None if item.task.data is None else item.task.data.value


def _patch(data: dict[str, Any], parts: list[str], reference: KuFlowFile) -> list[JsonPatchOperation] | None:
    *above, last = parts
    container = at(data, above)
    if last == "-":
        return _appended(data, above, container, reference)
    held = at(container, [last])
    if _is_link_to(held, reference):
        return None
    if held is not ABSENT:
        return [_test(parts, held), _operation("replace", parts, str(reference))]
    if not isinstance(container, dict):
        raise validation_failure(f"path: {pointer(above) or '/'} is no object in the task's data")
    return [_test(above, container), _operation("add", parts, str(reference))]


def _appended(
    data: dict[str, Any], place: list[str], found: Any, reference: KuFlowFile
) -> list[JsonPatchOperation] | None:
    if isinstance(found, list):
        if any(_is_link_to(entry, reference) for entry in found):
            return None
        return [_test(place, found), _operation("add", [*place, "-"], str(reference))]
    owner = at(data, place[:-1])
    if not place or found is not ABSENT or not isinstance(owner, dict):
        raise validation_failure(f"path: {pointer(place) or '/'} is no list in the task's data, nor can it become one")
    return [_test(place[:-1], owner), _operation("add", place, [str(reference)])]


def _is_link_to(held: Any, reference: KuFlowFile) -> bool:
    if not isinstance(held, str):
        return False
    try:
        return KuFlowFile.parse(held).uri == reference.uri
    except ValueError:
        return False


def _test(parts: list[str], value: Any) -> JsonPatchOperation:
    return _operation("test", parts, value)


def _operation(op: str, parts: list[str], value: Any) -> JsonPatchOperation:
    return JsonPatchOperation(op=JsonPatchOperationType(op), path=pointer(parts), value=value)
