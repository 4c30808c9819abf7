"""The documents of the group Process."""

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from kurun_twin.api import parameters
from kurun_twin.api.operations import Api, Operation, caller
from kurun_twin.api.responses import json_response
from kurun_twin.platform.documents import Document, NewDocument
from kurun_twin.platform.refusals import NotFound


class DocumentResponse(FileResponse):
    """A document, read in pieces large enough to be worth the hop to another thread."""

    chunk_size = 1024**2


async def upload_document(api: Api, request: Request) -> Response:
    """Take a document that has to be linked later."""
    document = await _receive(api, request)
    assert document is not None  # noqa: S101 - only those of user actions can be there already
    return json_response(api.platform.documents.body(document))


async def upload_user_action_document(api: Api, request: Request) -> Response:
    """Take a document into a user action: the process, or 304 if the action has its document."""
    value_id = parameters.uuid_text(parameters.required(request, "userActionValueId"), "userActionValueId")
    if await _receive(api, request, value_id) is None:
        return Response(status_code=304)
    return json_response(await api.platform.database.run(api.platform.processes.retrieve, parameters.path_id(request)))


async def download_document(api: Api, request: Request) -> Response:
    """Send a document of this process."""
    process_id, uri = parameters.path_id(request), parameters.required(request, "documentUri")
    document = await api.platform.database.run(api.platform.documents.find, process_id, uri)
    path = api.platform.document_files.path(document.address.document_id)
    if not path.is_file():
        raise NotFound("the document's content is gone", location="documentUri", location_type="query")
    return DocumentResponse(path, media_type="application/octet-stream", filename=document.name)


async def _receive(api: Api, request: Request, user_action_value_id: str | None = None) -> Document | None:
    platform = api.platform
    parameters.ensure_type(request, "application/octet-stream")
    process_id = parameters.path_id(request)
    # Documents pile up by uploads alone, so that an upload is the time to look for old ones.
    await platform.sweep_if_due()
    name, content_type = parameters.required(request, "fileName"), parameters.required(request, "fileContentType")
    new = await platform.database.run(platform.documents.prepare, process_id, name, content_type, user_action_value_id)
    if new is None:
        return None
    length = parameters.announced_length(request)
    size = await platform.document_files.receive(new.id, request.stream(), length)
    return await _keep(api, request, new, size)


async def _keep(api: Api, request: Request, new: NewDocument, size: int) -> Document | None:
    platform, document = api.platform, None
    try:
        document = await platform.database.run(platform.documents.add, caller(request), new, size)
    finally:
        if document is None:
            await platform.document_files.delete(new.id)
    if document is not None:
        platform.figures.count("documents")
        platform.figures.count("document_bytes", size)
    return document


_ACTIONS = "/processes/{id}/~actions"

OPERATIONS = [
    Operation("uploadProcessDocument", "POST", f"{_ACTIONS}/upload-document", upload_document),
    Operation(
        "uploadProcessUserActionDocument",
        "POST",
        f"{_ACTIONS}/upload-user-action-document",
        upload_user_action_document,
    ),
    Operation("downloadProcessDocument", "GET", f"{_ACTIONS}/download-document", download_document),
]
