"""The group Document, and the documents of processes and business artifacts."""

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api import parameters
from kurun_twin.api.files import FileDownload
from kurun_twin.api.operations import Api, Handler, Operation, caller
from kurun_twin.api.responses import json_response
from kurun_twin.platform.documents import Document, NewDocument
from kurun_twin.platform.references import ARTIFACT, PROCESS, Owner, parse_owner
from kurun_twin.platform.refusals import NotFound


async def upload_document(api: Api, request: Request) -> Response:
    """Take a document for any process or business artifact, that has to be linked soon."""
    target = parse_owner(parameters.required(request, "targetUri"))
    if target is None:
        raise NotFound(
            "the target is neither ku:process/{id} nor ku:business-artifact/{id}",
            location="targetUri",
            location_type="query",
        )
    return json_response(api.platform.documents.body(await _receive_new(api, request, target, short_lived=True)))


async def download_document(api: Api, request: Request) -> Response:
    """Send any document."""
    uri = parameters.required(request, "documentUri")
    return _sent(api, await api.platform.database.run(api.platform.documents.find_anywhere, uri))


async def upload_user_action_document(api: Api, request: Request) -> Response:
    """Take a document into a user action: the process, or 304 if the action has its document."""
    value_id = parameters.uuid_text(parameters.required(request, "userActionValueId"), "userActionValueId")
    process_id = parameters.path_id(request)
    if await _receive(api, request, Owner(PROCESS, process_id), user_action_value_id=value_id) is None:
        return Response(status_code=304)
    return json_response(await api.platform.database.run(api.platform.processes.retrieve, process_id))


def _uploading(kind: str, *, short_lived: bool) -> Handler:
    async def upload(api: Api, request: Request) -> Response:
        owner = Owner(kind, parameters.path_id(request))
        return json_response(
            api.platform.documents.body(await _receive_new(api, request, owner, short_lived=short_lived))
        )

    return upload


def _downloading(kind: str) -> Handler:
    async def download(api: Api, request: Request) -> Response:
        owner, uri = Owner(kind, parameters.path_id(request)), parameters.required(request, "documentUri")
        return _sent(api, await api.platform.database.run(api.platform.documents.find, owner, uri))

    return download


def _sent(api: Api, document: Document) -> Response:
    path = api.platform.document_files.path(document.address.document_id)
    if not path.is_file():
        raise NotFound("the document's content is gone", location="documentUri", location_type="query")
    return FileDownload(path, document.name)


async def _receive_new(api: Api, request: Request, owner: Owner, *, short_lived: bool) -> Document:
    document = await _receive(api, request, owner, short_lived=short_lived)
    assert document is not None  # noqa: S101 - only those of user actions can be there already
    return document


async def _receive(
    api: Api,
    request: Request,
    owner: Owner,
    *,
    short_lived: bool = False,
    user_action_value_id: str | None = None,
) -> Document | None:
    platform = api.platform
    parameters.ensure_type(request, "application/octet-stream")
    # Documents pile up by uploads alone, so that an upload is the time to look for old ones.
    await platform.sweep_if_due()
    name, content_type = parameters.required(request, "fileName"), parameters.required(request, "fileContentType")
    new = await platform.database.run(
        platform.documents.prepare,
        owner,
        name,
        content_type,
        short_lived=short_lived,
        user_action_value_id=user_action_value_id,
    )
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


_PROCESS = "/processes/{id}/~actions"
_ARTIFACT = "/business-artifacts/{id}/~actions"

OPERATIONS = [
    Operation("uploadDocument", "POST", "/documents/~actions/upload", upload_document),
    Operation("downloadDocument", "GET", "/documents/~actions/download", download_document),
    Operation("uploadProcessDocument", "POST", f"{_PROCESS}/upload-document", _uploading(PROCESS, short_lived=False)),
    Operation(
        "uploadProcessUserActionDocument",
        "POST",
        f"{_PROCESS}/upload-user-action-document",
        upload_user_action_document,
    ),
    Operation("downloadProcessDocument", "GET", f"{_PROCESS}/download-document", _downloading(PROCESS)),
    Operation(
        "uploadBusinessArtifactDocument",
        "POST",
        f"{_ARTIFACT}/upload-document",
        _uploading(ARTIFACT, short_lived=True),
    ),
    Operation("downloadBusinessArtifactDocument", "GET", f"{_ARTIFACT}/download-document", _downloading(ARTIFACT)),
]
