"""Everything under /documents."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kurun_clients.http import BaseClient
from kurun_clients.kuflow.documents import DocumentContent, DocumentDownload, document_address, target_address
from kurun_clients.kuflow.models import DocumentReference
from kurun_clients.kuflow.references import KuFlowFile
from kurun_clients.kuflow.resources.uploads import upload


class Documents:
    """Documents, whatever they belong to."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client

    async def upload(
        self, target_uri: str, content: DocumentContent, *, file_name: str, content_type: str
    ) -> DocumentReference:
        """Stream a document to a resource; one that is not linked to its data within 2 hours is deleted.

        Args:
            target_uri: The resource's ``uri``: ``ku:process/{id}`` or ``ku:business-artifact/{id}``.
            content: The document.
            file_name: Its name, of 1 to 255 printable characters.
            content_type: Its media type.
        """
        reply = await upload(
            self._client,
            "/documents/~actions/upload",
            content,
            file_name=file_name,
            content_type=content_type,
            also=(("targetUri", target_address(target_uri)),),
        )
        return reply.read(DocumentReference)

    @asynccontextmanager
    async def download(self, document_uri: str | KuFlowFile) -> AsyncIterator[DocumentDownload]:
        """A document as a stream, by its ``ku:`` uri or by the reference that data holds."""
        query = [("documentUri", document_address(document_uri))]
        async with self._client.stream("/documents/~actions/download", query=query) as reply:
            yield DocumentDownload.of(reply)
