"""What is known of uploaded documents; their bytes are the business of ``document_files``."""

import re
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from kurun_twin.clock import microseconds
from kurun_twin.options import TwinOptions
from kurun_twin.platform import process_records
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.principals import Principal
from kurun_twin.platform.references import DocumentAddress, parse_address, reference, referenced_documents
from kurun_twin.platform.refusals import Forbidden, Invalid, NotFound

_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(;[\x20-\x3a\x3c-\x7e]+)*", re.ASCII)
_MAX_NAME = 255


@dataclass(frozen=True)
class Document:
    """An uploaded document."""

    address: DocumentAddress
    name: str
    content_type: str
    size: int


@dataclass(frozen=True)
class NewDocument:
    """A document that is being uploaded; its id is made here."""

    id: str
    process_id: str
    name: str
    content_type: str
    user_action_value_id: str | None = None


class Documents:
    """Uploading, linking and finding documents, and forgetting those that nobody linked."""

    def __init__(self, options: TwinOptions) -> None:
        self._options = options

    def prepare(
        self,
        connection: sqlite3.Connection,
        process_id: str,
        name: str,
        content_type: str,
        user_action_value_id: str | None = None,
    ) -> NewDocument | None:
        """Check that an upload may start; ``None`` if the user action has its document already.

        Raises:
            Refusal: The process is unknown or closed, or the name or type cannot be right.
        """
        process_records.changeable(connection, process_id, self._options)
        if not 1 <= len(name) <= _MAX_NAME or not name.isprintable():
            raise Invalid("a name has 1 to 255 printable characters", location="fileName", location_type="query")
        if not _CONTENT_TYPE.fullmatch(content_type) or len(content_type) > _MAX_NAME:
            raise Invalid(
                "a content type looks like application/pdf", location="fileContentType", location_type="query"
            )
        if _belongs_to_user_action(connection, user_action_value_id):
            return None
        return NewDocument(str(uuid4()), process_id, name, content_type, user_action_value_id)

    def add(self, connection: sqlite3.Connection, caller: Principal, new: NewDocument, size: int) -> Document | None:
        """Note a document whose bytes are in place; one for a user action is linked at once.

        Returns:
            The document; ``None`` if another one was saved in the user action meanwhile.
        """
        process_records.changeable(connection, new.process_id, self._options)
        if _belongs_to_user_action(connection, new.user_action_value_id):
            return None
        now = microseconds()
        connection.execute(
            "INSERT INTO documents (id, process_id, name, content_type, size, user_action_value_id, linked_at,"
            " created_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                new.id,
                new.process_id,
                new.name,
                new.content_type,
                size,
                new.user_action_value_id,
                now if new.user_action_value_id else None,
                caller.id,
                now,
            ),
        )
        return Document(DocumentAddress(new.process_id, new.id), new.name, new.content_type, size)

    def body(self, document: Document) -> JsonObject:
        """The API's ``DocumentReference``."""
        if not self._options.reference_on_upload:
            return {"documentUri": str(document.address)}
        return {
            "documentUri": reference(
                document.address, content_type=document.content_type, size=document.size, name=document.name
            )
        }

    def find(self, connection: sqlite3.Connection, process_id: str, uri: str) -> Document:
        """The document at an address of this process.

        Raises:
            Refusal: It is no address, there is no such document, or it belongs to another process.
        """
        process_records.existing(connection, process_id)
        address = parse_address(uri)
        if address is None:
            raise Invalid(f"{uri!r} is no document URI", location="documentUri", location_type="query")
        if address.process_id != process_id:
            raise Forbidden("the document belongs to another process", location="documentUri", location_type="query")
        row = connection.execute(
            "SELECT * FROM documents WHERE id = ? AND process_id = ? AND (linked_at IS NOT NULL OR created_at >= ?)",
            (address.document_id, process_id, self._oldest_unlinked()),
        ).fetchone()
        if row is None:
            raise NotFound("there is no such document", location="documentUri", location_type="query")
        return Document(address, row["name"], row["content_type"], row["size"])

    def known(self, connection: sqlite3.Connection) -> set[str]:
        """The ids of all documents."""
        return {row["id"] for row in connection.execute("SELECT id FROM documents")}

    def forget_unlinked(self, connection: sqlite3.Connection) -> list[str]:
        """Delete the records of documents that waited too long to be linked; the answer names them."""
        rows = connection.execute(
            "DELETE FROM documents WHERE linked_at IS NULL AND created_at < ? RETURNING id", (self._oldest_unlinked(),)
        )
        return [row["id"] for row in rows]

    def _oldest_unlinked(self) -> int:
        return microseconds() - self._options.unlinked_document_life // timedelta(microseconds=1)


def link_documents(connection: sqlite3.Connection, value: object) -> None:
    """Keep the documents that a saved value refers to. Once linked, a document stays."""
    for address in referenced_documents(value):
        connection.execute(
            "UPDATE documents SET linked_at = ? WHERE id = ? AND process_id = ? AND linked_at IS NULL",
            (microseconds(), address.document_id, address.process_id),
        )


def _belongs_to_user_action(connection: sqlite3.Connection, value_id: str | None) -> bool:
    found = connection.execute("SELECT 1 FROM documents WHERE user_action_value_id = ?", (value_id,)).fetchone()
    return found is not None
