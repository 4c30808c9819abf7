"""Uploading a document by its activity."""

from typing import Any
from uuid import UUID

from kurun_activities import documents, models
from kurun_activities.context import ActivityContext
from tests.activity_runs import run


async def uploaded(
    context: ActivityContext, process_id: UUID, *, name: str = "letter.pdf", **source: Any
) -> models.ProcessDocumentUploadResponse:
    """Upload a document."""
    request = models.ProcessDocumentUploadRequest(
        process_id=process_id, file_name=name, source=models.DocumentSource(**source)
    )
    return await run(context, documents.upload_process_document, request)
