"""Arguments on their way into paths and queries."""

from collections.abc import Iterable
from uuid import UUID

from pydantic import TypeAdapter

from kurun_clients.http import InvalidRequest
from kurun_clients.kuflow.models import JsonPatchOperation

Id = UUID | str
"""A UUID, or its text."""

JSON_PATCH = "application/json-patch+json"
_OPERATIONS = TypeAdapter(list[JsonPatchOperation])


def identifier(value: Id) -> str:
    """A UUID as text, fit for a path.

    Raises:
        InvalidRequest: It is none.
    """
    if isinstance(value, UUID):
        return str(value)
    try:
        return str(UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise InvalidRequest(f"not a UUID: {str(value)[:80]!r}") from None


def identifiers(name: str, values: Id | Iterable[Id]) -> list[tuple[str, str]]:
    """A filter by one or more UUIDs."""
    several = (values,) if isinstance(values, UUID | str) else values
    return [(name, identifier(value)) for value in several]


def texts(name: str, values: str | Iterable[str]) -> list[tuple[str, str]]:
    """A filter by one or more words."""
    several = (values,) if isinstance(values, str) else values
    return [(name, str(value)) for value in several]


def patch(operations: Iterable[JsonPatchOperation]) -> bytes:
    """The body of a JSON Patch (RFC 6902).

    Raises:
        InvalidRequest: It has no operation.
    """
    listed = list(operations)
    if not listed:
        raise InvalidRequest("a JSON Patch needs at least one operation")
    return _OPERATIONS.dump_json(listed)
