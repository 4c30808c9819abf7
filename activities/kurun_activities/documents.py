"""Activities on documents. Bytes stream between their source and KuFlow; only references pass through history."""

import functools
import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from mimetypes import MimeTypes
from typing import Final, Protocol

from temporalio import activity

from kurun_activities import attempts, context
from kurun_activities.failures import failure
from kurun_activities.heartbeat import heartbeating
from kurun_activities.local_files import BUFFER, NewFile
from kurun_activities.models import (
    BusinessArtifactDocumentDownloadRequest,
    BusinessArtifactDocumentDownloadResponse,
    BusinessArtifactDocumentUploadRequest,
    BusinessArtifactDocumentUploadResponse,
    DocumentDownloadRequest,
    DocumentDownloadResponse,
    DocumentUploadRequest,
    DocumentUploadResponse,
    DownloadRequest,
    DownloadResponse,
    ProcessDocumentDownloadRequest,
    ProcessDocumentDownloadResponse,
    ProcessDocumentUploadRequest,
    ProcessDocumentUploadResponse,
    ProcessItemTaskDataWebformsDownloadRequest,
    ProcessItemTaskDataWebformsDownloadResponse,
    UploadRequest,
    UploadResponse,
)
from kurun_activities.sources import Watched, opened, refuse_too_large
from kurun_clients.kuflow import DocumentContent, DocumentDownload, KuFlowFile, MalformedReference
from kurun_clients.kuflow.models import DocumentReference
from kurun_clients.threads import in_thread

UNKNOWN_TYPE: Final = "application/octet-stream"
_TYPES: Final = MimeTypes()  # Python's own table: the same on every machine


async def upload_process_document(request: ProcessDocumentUploadRequest) -> ProcessDocumentUploadResponse:
    """Upload a document into a process.

    Memory does not grow with the document. The heartbeat carries ``{"bytes", "total"}``. A retry uploads again; KuFlow
    deletes the copy that nothing links to after 24 hours.
    """
    processes = context.current().kuflow.processes
    sent = await _upload(request, functools.partial(processes.upload_document, request.process_id))
    return ProcessDocumentUploadResponse(document_uri=sent.document_uri, reference=sent.reference, size=sent.size)


async def upload_business_artifact_document(
    request: BusinessArtifactDocumentUploadRequest,
) -> BusinessArtifactDocumentUploadResponse:
    """Upload a document into a business artifact. See :func:`upload_process_document`; it is kept for 2 hours."""
    artifacts = context.current().kuflow.business_artifacts
    sent = await _upload(request, functools.partial(artifacts.upload_document, request.business_artifact_id))
    return BusinessArtifactDocumentUploadResponse(
        document_uri=sent.document_uri, reference=sent.reference, size=sent.size
    )


async def upload_document(request: DocumentUploadRequest) -> DocumentUploadResponse:
    """Upload a document into what a uri names. See :func:`upload_process_document`; it is kept for 2 hours."""
    uploading = context.current().kuflow.documents.upload
    sent = await _upload(request, functools.partial(uploading, request.target_uri))
    return DocumentUploadResponse(document_uri=sent.document_uri, reference=sent.reference, size=sent.size)


async def download_process_document(request: ProcessDocumentDownloadRequest) -> ProcessDocumentDownloadResponse:
    """Download a document of a process into a local file.

    The file appears under its name only when it is whole; a retry starts over. The heartbeat carries
    ``{"bytes", "total"}``.
    """
    processes, uri = context.current().kuflow.processes, _bare(request.document_uri)
    file = await _download(request, lambda: processes.download_document(request.process_id, uri))
    return ProcessDocumentDownloadResponse(path=file.path, size=file.size, sha256=file.sha256)


async def download_business_artifact_document(
    request: BusinessArtifactDocumentDownloadRequest,
) -> BusinessArtifactDocumentDownloadResponse:
    """Download a document of a business artifact into a local file. See :func:`download_process_document`."""
    artifacts, uri = context.current().kuflow.business_artifacts, _bare(request.document_uri)
    file = await _download(request, lambda: artifacts.download_document(request.business_artifact_id, uri))
    return BusinessArtifactDocumentDownloadResponse(path=file.path, size=file.size, sha256=file.sha256)


async def download_document(request: DocumentDownloadRequest) -> DocumentDownloadResponse:
    """Download any document into a local file. See :func:`download_process_document`."""
    here, uri = context.current().kuflow, _bare(request.document_uri)
    file = await _download(request, lambda: here.documents.download(uri))
    return DocumentDownloadResponse(path=file.path, size=file.size, sha256=file.sha256)


async def download_process_item_task_data_webforms(
    request: ProcessItemTaskDataWebformsDownloadRequest,
) -> ProcessItemTaskDataWebformsDownloadResponse:
    """Download a filled-in form as a document into a local file. See :func:`download_process_document`."""
    items = context.current().kuflow.process_items
    file = await _download(
        request, lambda: items.download_webforms_as_document(request.process_item_id, request.property_path)
    )
    return ProcessItemTaskDataWebformsDownloadResponse(path=file.path, size=file.size, sha256=file.sha256)


class _Sending(Protocol):
    async def __call__(self, content: DocumentContent, *, file_name: str, content_type: str) -> DocumentReference: ...


async def _upload(request: UploadRequest, send: _Sending) -> UploadResponse:
    here = context.current()
    content_type = request.content_type or _TYPES.guess_type(request.file_name)[0] or UNKNOWN_TYPE
    async with heartbeating() as heartbeat, opened(request.source, here) as content:
        watched = Watched(
            content, here.documents.max_bytes, lambda passed: heartbeat.report(progress(passed, content.size))
        )
        document = await send(watched, file_name=request.file_name, content_type=content_type)
    bare = KuFlowFile(uri=document.document_uri, type=content_type, size=watched.passed, name=request.file_name)
    reference = _reference(document.document_uri) or bare
    return UploadResponse(document_uri=reference.uri, reference=str(reference), size=watched.passed)


async def _download(
    request: DownloadRequest, opening: Callable[[], AbstractAsyncContextManager[DocumentDownload]]
) -> DownloadResponse:
    limits = context.current().documents
    async with heartbeating() as heartbeat:
        owner, attempt = attempts.derived_id().hex, activity.info().attempt
        file = await in_thread(
            lambda: NewFile(request.path, limits.roots, owner=owner, attempt=attempt), undo=NewFile.close
        )
        try:
            async with opening() as download:
                digest = await _save(download, file, limits.max_bytes, heartbeat.report)
            await in_thread(file.commit)
        finally:
            await in_thread(file.close)
    return DownloadResponse(path=str(file.path), size=file.size, sha256=digest)


def _bare(document_uri: str) -> str:
    reference = _reference(document_uri)
    return reference.uri if reference else document_uri


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
        refuse_too_large(passed, limit, "the document")
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
