"""``Failure``: what K2 says when it did not do something, under any status, as XML or JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from kurun_clients.k2.services.xml_reading import (
    K2,
    Element,
    UnreadableXml,
    contents,
    local_name,
    namespace,
    parse,
    scalars,
)

FRAMEWORK: Final = f"{K2}framework/d1"
UNCLASSIFIED: Final = "-1"
MAX_JSON: Final = 1024 * 1024
"""Largest JSON body, in bytes, that is looked into."""

_FIELDS: Final = frozenset(
    {"DataField", "XmlField", "ProcessDataField", "ProcessXmlField", "ActivityDataField", "ActivityXmlField"}
)


@dataclass(frozen=True)
class Failure:
    """What K2 says.

    Attributes:
        message: The engine's text, which mostly begins with its five-digit code.
        description: Which kind of failure, such as ``client-failure``.
        code: The service's code, if it has one.
        id: A number; of a batch perhaps that of the update.
    """

    message: str
    description: str = ""
    code: str | None = None
    id: str | None = None

    @property
    def errors(self) -> None:
        """There are no single reasons."""
        return None

    @property
    def is_k2s(self) -> bool:
        """Every document that is read as a failure is one of K2's."""
        return True

    def to_wire(self) -> dict[str, Any]:
        """The failure as a JSON object."""
        return asdict(self)

    def to_wire_json(self) -> bytes:
        """The same as bytes."""
        return json.dumps(self.to_wire()).encode()


def parse_failure(body: bytes) -> Failure | None:
    """The failure in the body of an error response, if one is there; a proxy may answer with anything."""
    try:
        if looks_like_json(body):
            return json_failure(body)
        return next(failures_in(parse(body)), None)
    except UnreadableXml:
        return None


def failures_in(root: Element) -> Iterator[Failure]:
    """The failures of a document: its root, or elements in it that are no part of a field's value."""
    if local_name(root) == "Failure":
        yield _failure(root)
        return
    for each in root.iter("{*}Failure"):
        if namespace(each) in {None, FRAMEWORK} and not any(
            local_name(outer) in _FIELDS for outer in each.iterancestors()
        ):
            yield _failure(each)


def _failure(element: Element) -> Failure:
    values = scalars(element)
    message = values.get("Message") or contents(element).strip()
    return _made(message, values.get("Description", ""), values.get("Code"), values.get("ID"))


def looks_like_json(body: bytes) -> bool:
    """Whether a body is JSON rather than XML."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"[", b'"'}


def json_failure(body: bytes) -> Failure | None:
    """The failure that a JSON body is or holds, if there is one.

    Raises:
        UnreadableXml: The body is no JSON, or too large to be looked into.
    """
    if len(body) > MAX_JSON:
        raise UnreadableXml("JSON was not asked for")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableXml("the answer is neither XML nor JSON") from None
    if isinstance(found, dict) and isinstance(found.get("Failure"), dict):
        found = found["Failure"]
    if not isinstance(found, dict) or not {"Code", "Message"} & found.keys():
        return None
    texts = {name: str(found.get(name) or "") for name in ("Message", "Description")}
    return _made(texts["Message"], texts["Description"], found.get("Code"), found.get("ID"))


def _made(message: str, description: str, code: object, number: object) -> Failure:
    told = None if code is None else str(code)
    if told and told != UNCLASSIFIED and len(told) == 5 and told.isdigit() and not message.startswith(told):
        message = f"{told} {message}"
    return Failure(message or description, description, told, None if number is None else str(number))
