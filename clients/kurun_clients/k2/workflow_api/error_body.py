"""The body of the Workflow REST API's error responses: a JSON object with ``Message``, and what else .NET adds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json

from kurun_clients.http import ErrorReason
from kurun_clients.k2.errors import engine_code

_FURTHER = ("messagedetail", "exceptionmessage")


@dataclass(frozen=True)
class Detail:
    """A further member that explains more."""

    message: str | None
    location: str | None = None


@dataclass(frozen=True)
class K2ErrorBody:
    """What K2 says when it refuses a request.

    Attributes:
        message: What is wrong; the engine's own text if there is one beside a general one.
        errors: What further members say.
        members: The body as it came.
    """

    message: str
    errors: Sequence[ErrorReason] | None
    members: dict[str, Any]

    @property
    def is_k2s(self) -> bool:
        """Whether the member is spelled as K2 spells it; gateways say ``message``."""
        return "Message" in self.members

    def to_wire(self) -> dict[str, Any]:
        """The JSON object that it was."""
        return self.members

    def to_wire_json(self) -> bytes:
        """The same as bytes."""
        return to_json(self.members)


def parse_error(body: bytes) -> K2ErrorBody | None:
    """The body of an error response, if it is K2's; its members' case does not matter."""
    try:
        read = from_json(body)
    except ValueError:
        return None
    members = {"Message": read} if isinstance(read, str) else read
    if not isinstance(members, dict):
        return None
    texts = {name.lower(): value for name, value in members.items() if isinstance(value, str)}
    message = texts.get("message")
    if message is None:
        return None
    details = [texts[name] for name in _FURTHER if texts.get(name)]
    engine = next((detail for detail in details if engine_code(detail)), None)
    if engine is not None and engine_code(message) is None:
        details[details.index(engine)], message = message, engine
    return K2ErrorBody(message, [Detail(detail) for detail in details] or None, members)
