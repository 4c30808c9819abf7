"""Single values that are read leniently and written as they came."""

from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated, Any, TypeVar

from pydantic import (
    GetCoreSchemaHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapSerializer,
    WrapValidator,
)
from pydantic_core import CoreSchema, core_schema

Kind = TypeVar("Kind", bound=Enum)


class Growing:
    """Marks an enum that KuFlow may extend: a value that is not listed yet becomes a member of its own.

    Such a member equals its text and has it as ``value``; it is in no list of the enum.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Enum], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(partial(_listed_or_new, source), handler(source))


def _listed_or_new(kind: type[Kind], value: Any, handler: ValidatorFunctionWrapHandler) -> Kind:
    try:
        listed: Kind = handler(value)
    except ValidationError:
        if not isinstance(value, str):
            raise
        member: Kind = str.__new__(kind, value)  # type: ignore[type-var] # all of them are StrEnum
        member._name_ = member._value_ = value
        return member
    return listed


class _WireMoment(datetime):
    """A moment whose text says more than a datetime keeps, or says it in another way."""

    text: str | None = None  # as it was read; a moment computed from this one has none


def _read_moment(value: Any, handler: ValidatorFunctionWrapHandler) -> datetime:
    moment: datetime = handler(value)
    if not isinstance(value, str) or value == moment.isoformat().replace("+00:00", "Z"):
        return moment
    read = _WireMoment.combine(moment.date(), moment.timetz())
    read.text = value
    return read


def _write_moment(value: Any, handler: SerializerFunctionWrapHandler) -> Any:
    text = value.text if isinstance(value, _WireMoment) else None
    return handler(value) if text is None else text


Moment = Annotated[
    datetime, WrapValidator(_read_moment), WrapSerializer(_write_moment, return_type=str, when_used="json-unless-none")
]
"""A moment in ISO 8601; nanoseconds, which Python does not know, are written again as they were read."""
