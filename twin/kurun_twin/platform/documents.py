"""What is known of uploaded documents; their bytes are the business of ``document_files``."""

import re
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from kurun_twin.clock import microseconds
from kurun_twin.options import TwinOptions
from kurun_twin.platform import action_records, artifact_records, process_records, records
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.principals import Principal
from kurun_twin.platform.references import (
    PROCESS,
    DocumentAddress,
    Owner,
    parse_address,
    reference,
    referenced_documents,
)
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
    """A document that is being uploaded; its id is made here.

    Attributes:
        short_lived: Whether it is forgotten early when nobody links it.
        user_action_value_id: The user action that it is for.
    """

    id: str
    owner: Owner
    name: str
    content_type: str
    short_lived: bool = False
    user_action_value_id: str | None = None


class Documents:
    """Uploading, linking and finding documents, and forgetting those that nobody linked."""

    def __init__(self, options: TwinOptions) -> None:
        self._options = options

    def prepare(
        self,
        connection: sqlite3.Connection,
        owner: Owner,
        name: str,
        content_type: str,
        *,
        short_lived: bool = False,
        user_action_value_id: str | None = None,
    ) -> NewDocument | None:
        """Check that an upload may start; ``None`` if the user action has its document already.

        Raises:
            Refusal: The owner is unknown or closed, the name or type cannot be right, or the action waits for none.
        """
        self._ensure_changeable(connection, owner)
        if not 1 <= len(name) <= _MAX_NAME or not name.isprintable():
            raise Invalid("a name has 1 to 255 printable characters", location="fileName", location_type="query")
        if not _CONTENT_TYPE.fullmatch(content_type) or len(content_type) > _MAX_NAME:
            raise Invalid(
                "a content type looks like application/pdf", location="fileContentType", location_type="query"
            )
        if self._belongs_to_user_action(connection, owner, user_action_value_id):
            return None
        return NewDocument(str(uuid4()), owner, name, content_type, short_lived, user_action_value_id)

    def add(self, connection: sqlite3.Connection, caller: Principal, new: NewDocument, size: int) -> Document | None:
        """Note a document whose bytes are in place; one for a user action is linked at once, and completes it.

        Returns:
            The document; ``None`` if another one was saved in the user action meanwhile.
        """
        self._ensure_changeable(connection, new.owner)
        if self._belongs_to_user_action(connection, new.owner, new.user_action_value_id):
            return None
        now = microseconds()
        columns = {
            "id": new.id,
            "owner_kind": new.owner.kind,
            "owner_id": new.owner.id,
            "name": new.name,
            "content_type": new.content_type,
            "size": size,
            "short_lived": new.short_lived,
            "user_action_value_id": new.user_action_value_id,
            "linked_at": now if new.user_action_value_id else None,
            "created_by": caller.id,
            "created_at": now,
        }
        records.insert(connection, "documents", columns)
        document = Document(DocumentAddress(new.owner, new.id), new.name, new.content_type, size)
        if new.user_action_value_id:
            action_records.document_arrived(connection, new.user_action_value_id, caller.id, self.uri(document))
        return document

    def uri(self, document: Document) -> str:
        """How answers name a document: by its whole reference, unless the options ask for the bare address."""
        if not self._options.reference_on_upload:
            return str(document.address)
        return reference(document.address, content_type=document.content_type, size=document.size, name=document.name)

    def body(self, document: Document) -> JsonObject:
        """The API's ``DocumentReference``."""
        return {"documentUri": self.uri(document)}

    def find(self, connection: sqlite3.Connection, owner: Owner, uri: str) -> Document:
        """The document at an address of this process or business artifact.

        Raises:
            Refusal: It is no address, there is no such document, or it belongs to something else.
        """
        _ensure_existing(connection, owner)
        address = parse_address(uri)
        if address is None:
            raise Invalid(f"{uri!r} is no document URI", location="documentUri", location_type="query")
        if address.owner != owner:
            raise Forbidden(f"the document does not belong to {owner}", location="documentUri", location_type="query")
        return self._at(connection, address)

    def find_anywhere(self, connection: sqlite3.Connection, uri: str) -> Document:
        """The document at an address, whatever it belongs to.

        Raises:
            NotFound: The text leads to no document.
        """
        address = parse_address(uri)
        if address is None:
            raise NotFound("there is no such document", location="documentUri", location_type="query")
        _ensure_existing(connection, address.owner)
        return self._at(connection, address)

    def known(self, connection: sqlite3.Connection) -> set[str]:
        """The ids of all documents."""
        return {row["id"] for row in connection.execute("SELECT id FROM documents")}

    def forget_unlinked(self, connection: sqlite3.Connection) -> list[str]:
        """Delete the records of documents that waited too long to be linked; the answer names them."""
        rows = connection.execute(
            "DELETE FROM documents WHERE linked_at IS NULL"
            " AND created_at < CASE WHEN short_lived THEN ? ELSE ? END RETURNING id",
            self._oldest_unlinked(),
        )
        return [row["id"] for row in rows]

    def _at(self, connection: sqlite3.Connection, address: DocumentAddress) -> Document:
        row = connection.execute(
            "SELECT * FROM documents WHERE id = ? AND owner_kind = ? AND owner_id = ?"
            " AND (linked_at IS NOT NULL OR created_at >= CASE WHEN short_lived THEN ? ELSE ? END)",
            (address.document_id, *address.owner, *self._oldest_unlinked()),
        ).fetchone()
        if row is None:
            raise NotFound("there is no such document", location="documentUri", location_type="query")
        return Document(address, row["name"], row["content_type"], row["size"])

    def _oldest_unlinked(self) -> tuple[int, int]:
        now, unit = microseconds(), timedelta(microseconds=1)
        lives = self._options.temporary_document_life, self._options.unlinked_document_life
        return now - lives[0] // unit, now - lives[1] // unit

    def _ensure_changeable(self, connection: sqlite3.Connection, owner: Owner) -> None:
        if owner.kind == PROCESS:
            process_records.changeable(connection, owner.id, self._options)
        else:
            artifact_records.existing(connection, owner.id)

    def _belongs_to_user_action(self, connection: sqlite3.Connection, owner: Owner, value_id: str | None) -> bool:
        if value_id is None:
            return False
        found = connection.execute("SELECT 1 FROM documents WHERE user_action_value_id = ?", (value_id,)).fetchone()
        if found is None:
            action_records.ensure_awaits_document(connection, owner.id, value_id)
        return found is not None


def link_documents(connection: sqlite3.Connection, value: object) -> None:
    """Keep the documents that a saved value refers to. Once linked, a document stays."""
    for address in referenced_documents(value):
        link_document(connection, address)


def link_document(connection: sqlite3.Connection, address: DocumentAddress) -> None:
    """Keep a document."""
    connection.execute(
        "UPDATE documents SET linked_at = ? WHERE id = ? AND owner_kind = ? AND owner_id = ? AND linked_at IS NULL",
        (microseconds(), address.document_id, *address.owner),
    )


def _ensure_existing(connection: sqlite3.Connection, owner: Owner) -> None:
    if owner.kind == PROCESS:
        process_records.existing(connection, owner.id)
    else:
        artifact_records.existing(connection, owner.id)
