"""Activities on documents. Bytes stream between their source and KuFlow; only references pass through history."""

import hashlib
from collections.abc import Callable
from mimetypes import MimeTypes
from typing import Final

from temporalio import activity

from kurun_activities import attempts, context
from kurun_activities.failures import failure, validation_failure
from kurun_activities.heartbeat import heartbeating
from kurun_activities.local_files import BUFFER, NewFile
from kurun_activities.models import (
    ProcessDocumentDownloadRequest,
    ProcessDocumentDownloadResponse,
    ProcessDocumentUploadRequest,
    ProcessDocumentUploadResponse,
)
from kurun_activities.sources import Watched, opened
from kurun_clients.kuflow import DocumentDownload, KuFlowFile, MalformedReference
from kurun_clients.threads import in_thread

UNKNOWN_TYPE: Final = "application/octet-stream"
_TYPES: Final = MimeTypes()  # Python's own table: the same on every machine


async def upload_process_document(request: ProcessDocumentUploadRequest) -> ProcessDocumentUploadResponse:
    """Upload a document into a process.

    Memory does not grow with the document. The heartbeat carries ``{"bytes", "total"}``. A retry uploads again; KuFlow
    deletes the copy that nothing links to after 24 hours.
    """
    here = context.current()
    content_type = request.content_type or _TYPES.guess_type(request.file_name)[0] or UNKNOWN_TYPE
    async with heartbeating() as heartbeat, opened(request.source, here) as content:
        watched = Watched(
            content, here.documents.max_bytes, lambda passed: heartbeat.report(progress(passed, content.size))
        )
        document = await here.kuflow.processes.upload_document(
            request.process_id, watched, file_name=request.file_name, content_type=content_type
        )
    bare = KuFlowFile(uri=document.document_uri, type=content_type, size=watched.passed, name=request.file_name)
    reference = _reference(document.document_uri) or bare
    return ProcessDocumentUploadResponse(document_uri=reference.uri, reference=str(reference), size=watched.passed)


async def download_process_document(request: ProcessDocumentDownloadRequest) -> ProcessDocumentDownloadResponse:
    """Download a document of a process into a local file.

    The file appears under its name only when it is whole; a retry starts over. The heartbeat carries
    ``{"bytes", "total"}``.
    """
    here = context.current()
    reference = _reference(request.document_uri)
    document_uri = reference.uri if reference else request.document_uri
    async with heartbeating() as heartbeat:
        owner, attempt = attempts.derived_id().hex, activity.info().attempt
        file = await in_thread(
            lambda: NewFile(request.path, here.documents.roots, owner=owner, attempt=attempt), undo=NewFile.close
        )
        try:
            async with here.kuflow.processes.download_document(request.process_id, document_uri) as download:
                digest = await _save(download, file, here.documents.max_bytes, heartbeat.report)
            await in_thread(file.commit)
        finally:
            await in_thread(file.close)
    return ProcessDocumentDownloadResponse(path=str(file.path), size=file.size, sha256=digest)


def _reference(document_uri: str) -> KuFlowFile | None:
    # KuFlow's specification shows a whole reference where its name promises a uri: both are read.
    try:
        return KuFlowFile.parse(document_uri)
    except MalformedReference:
        return None


async def _save(
    download: DocumentDownload, file: NewFile, limit: int, report: Callable[[dict[str, int | None]], None]
) -> str:
    digest = hashlib.sha256()
    pending = bytearray()
    passed = 0

    def flush() -> None:
        digest.update(pending)
        file.write(pending)

    async for piece in download.chunks:
        passed += len(piece)
        if passed > limit:
            raise validation_failure(f"the document is larger than the {limit} bytes that the worker allows")
        report(progress(passed, download.size))
        pending += piece
        if len(pending) >= BUFFER:
            await in_thread(flush)
            pending = bytearray()
    await in_thread(flush)
    if download.size is not None and passed != download.size:
        raise failure(f"{passed} bytes came of {download.size} announced")
    return digest.hexdigest()


def progress(passed: int, total: int | None) -> dict[str, int | None]:
    """How far a document has come, as the heartbeat carries it."""
    return {"bytes": passed, "total": total}
