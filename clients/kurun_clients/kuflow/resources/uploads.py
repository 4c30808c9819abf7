"""Sending documents."""

from kurun_clients.http import BaseClient, Reply
from kurun_clients.kuflow.documents import DocumentContent, document_query

OCTETS = "application/octet-stream"


async def upload(
    client: BaseClient,
    path: str,
    content: DocumentContent,
    *,
    file_name: str,
    content_type: str,
    also: tuple[tuple[str, str], ...] = (),
    expected: frozenset[int] = frozenset(),
) -> Reply:
    """Stream a document; the arguments are those of the operations."""
    return await client.send(
        "POST",
        path,
        query=[*document_query(file_name, content_type), *also],
        body=content,
        content_type=OCTETS,
        expected=expected,
    )
