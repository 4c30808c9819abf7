"""The group Document."""

from kuflow_rest.utils import parse_kuflow_file

from tests.interop.published.calls import Session, call, document, new_id, refused, same

CONTENT = b"%PDF-1.7 " * 1000


@call
def upload_document(session: Session) -> None:
    """For a process, and for a business artifact that does not exist."""
    process = session.made.document_process = session.new_process()
    reference = session.application.document.upload_document(
        document(CONTENT, "a.pdf"), target_uri=f"ku:process/{process.id}"
    )
    file = session.made.file = parse_kuflow_file(reference.document_uri)
    assert file, reference.document_uri
    same(("a.pdf", "application/pdf", len(CONTENT)), (file.name, file.type, file.size))
    nowhere = f"ku:business-artifact/{new_id()}"
    refused(404, lambda: session.application.document.upload_document(document(b""), target_uri=nowhere))


@call
def download_document(session: Session) -> None:
    """By the reference and by the bare address."""
    for uri in (session.made.file.original, session.made.file.uri):
        chunks = session.application.document.download_document(document_uri=uri)
        same(CONTENT, b"".join(chunks))
    missing = f"ku:process/{session.made.document_process.id}/document/{new_id()}"
    refused(404, lambda: session.application.document.download_document(document_uri=missing))
