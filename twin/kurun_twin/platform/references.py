"""Addresses of documents, and the ``kuflow-file:`` texts that point at them from inside JSON data."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, unquote
from uuid import UUID

_SCHEME = "kuflow-file:"
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_OWNER = re.compile(rf"ku:(process|business-artifact)/({_UUID})")
_ADDRESS = re.compile(rf"{_OWNER.pattern}/document/({_UUID})")

PROCESS = "process"
ARTIFACT = "business-artifact"


class Owner(NamedTuple):
    """What documents belong to: a process or a business artifact."""

    kind: str
    id: str

    def __str__(self) -> str:
        """Its address as KuFlow writes it."""
        return f"ku:{self.kind}/{self.id}"


class DocumentAddress(NamedTuple):
    """Where a document lies."""

    owner: Owner
    document_id: str

    def __str__(self) -> str:
        """The address as KuFlow writes it."""
        return f"{self.owner}/document/{self.document_id}"


def parse_owner(text: str) -> Owner | None:
    """Read the address of a process or a business artifact."""
    match = _OWNER.fullmatch(text)
    return Owner(match[1], str(UUID(match[2]))) if match else None


def parse_address(text: str) -> DocumentAddress | None:
    """Read an address in either form, the bare ``ku:`` one or a whole ``kuflow-file:`` reference."""
    if text.startswith(_SCHEME):
        pairs = (part.partition("=") for part in text.removeprefix(_SCHEME).split(";"))
        text = next((unquote(value) for key, _, value in pairs if key == "uri"), "")
    match = _ADDRESS.fullmatch(text)
    return DocumentAddress(Owner(match[1], str(UUID(match[2]))), str(UUID(match[3]))) if match else None


def reference(address: DocumentAddress, *, content_type: str, size: int, name: str) -> str:
    """The text that stands for a document inside JSON data. Values are URL-encoded, as KuFlow's libraries read them."""
    return f"{_SCHEME}uri={address};type={quote(content_type, safe='/')};size={size};name={quote(name, safe='')};"


def referenced_documents(value: object) -> Iterator[DocumentAddress]:
    """The documents that texts anywhere in the value refer to."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, str) and part.startswith(_SCHEME) and (address := parse_address(part)):
            yield address
