"""Reading paths, queries and bodies."""

import re
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import from_json
from starlette.requests import Request

from kurun_twin.platform.json_patch import PATCH, PatchOperation
from kurun_twin.platform.paging import PageRequest
from kurun_twin.platform.refusals import Invalid, TooLarge, UnsupportedMediaType

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MAX_VALUES = 1000
_MAX_PAGE = 2**31 - 1

Body = TypeVar("Body", bound=BaseModel)
Choice = TypeVar("Choice", bound=StrEnum)


def path_id(request: Request, name: str = "id") -> str:
    """A UUID in the path, in its usual spelling."""
    return uuid_text(request.path_params[name], name, "path")


def uuid_text(text: str, location: str, location_type: str = "query") -> str:
    """A UUID in its usual spelling.

    Raises:
        Invalid: The text is none.
    """
    # UUID() alone would take braces, underscores and digits of other scripts too.
    if _UUID.fullmatch(text) is None:
        raise Invalid(f"{text!r} is no UUID", location=location, location_type=location_type)
    return str(UUID(text))


def texts(request: Request, *names: str) -> list[str]:
    """All values of a query parameter, under any of its names."""
    values = [value for name in names for value in request.query_params.getlist(name)]
    if len(values) > _MAX_VALUES:
        raise Invalid(f"more than {_MAX_VALUES} values", location=names[0], location_type="query")
    return values


def ids(request: Request, name: str) -> list[str]:
    """All values of a query parameter that takes UUIDs."""
    return [uuid_text(value, name) for value in texts(request, name)]


def emails(request: Request, name: str) -> list[str]:
    """All values of a query parameter that takes e-mail addresses.

    Raises:
        Invalid: One cannot be an address.
    """
    values = texts(request, name)
    for value in values:
        if _EMAIL.fullmatch(value) is None or not value.isprintable():
            raise Invalid(f"{value!r} is no e-mail address", location=name, location_type="query")
    return values


def choices(request: Request, name: str, kind: type[Choice]) -> list[Choice]:
    """All values of a query parameter that takes the names of an enumeration."""
    try:
        return [kind(value) for value in texts(request, name)]
    except ValueError:
        allowed = ", ".join(kind)
        raise Invalid(f"allowed are {allowed}", location=name, location_type="query") from None


def choice(request: Request, name: str, kind: type[Choice]) -> Choice | None:
    """The value of a query parameter that takes one name of an enumeration."""
    chosen = choices(request, name, kind)
    single(request, name)
    return chosen[0] if chosen else None


def required_choice(request: Request, name: str, kind: type[Choice]) -> Choice:
    """The same, if it must be there."""
    required(request, name)
    return choices(request, name, kind)[0]


def single(request: Request, name: str) -> str | None:
    """A query parameter that takes one value.

    Raises:
        Invalid: It has several.
    """
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise Invalid(f"the parameter {name} takes one value", location=name, location_type="query")
    return values[0] if values else None


def required(request: Request, name: str) -> str:
    """A query parameter that must be there."""
    value = single(request, name)
    if not value:
        raise Invalid(f"the parameter {name} is required", location=name, location_type="query")
    return value


def page(request: Request) -> PageRequest:
    """The part of a list that is wanted."""
    return PageRequest(
        size=_number(request, "size", 25, 1000),
        page=_number(request, "page", 0, _MAX_PAGE),
        sort=texts(request, "sort"),
    )


async def body(request: Request, kind: type[Body], max_bytes: int) -> Body:
    """The JSON body.

    Raises:
        Refusal: It is of another type, too large, no JSON or of another shape.
    """
    return kind.model_validate(await _json(request, "application/json", max_bytes))


async def patch(request: Request, max_bytes: int) -> list[PatchOperation]:
    """The JSON Patch in the body."""
    return PATCH.validate_python(await _json(request, "application/json-patch+json", max_bytes))


def ensure_type(request: Request, expected: str) -> None:
    """Insist on the type of the body.

    Raises:
        UnsupportedMediaType: It is another.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != expected:
        message = f"Content-Type must be {expected}, not {given or 'absent'}"
        raise UnsupportedMediaType(message, location="Content-Type", location_type="header")


def announced_length(request: Request) -> int | None:
    """How many bytes the caller says will come."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


async def _json(request: Request, content_type: str, max_bytes: int) -> object:
    ensure_type(request, content_type)
    content = await _content(request, max_bytes)
    try:
        return from_json(content, allow_inf_nan=False)
    except ValueError as error:
        raise Invalid(f"the body is no JSON: {error}", location="body") from None


async def _content(request: Request, max_bytes: int) -> bytes:
    too_large = TooLarge(f"the body may have at most {max_bytes} bytes")
    if (announced_length(request) or 0) > max_bytes:
        raise too_large
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > max_bytes:
            raise too_large
    return bytes(content)


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = single(request, name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > 10 or int(text) > most:
        raise Invalid(f"{name} is a number from 0 to {most}", location=name, location_type="query")
    return int(text)
