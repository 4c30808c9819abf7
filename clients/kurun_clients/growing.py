"""Enums that a later version of an API may extend."""

from enum import Enum
from functools import partial
from typing import Any, TypeVar

from pydantic import GetCoreSchemaHandler, ValidationError, ValidatorFunctionWrapHandler
from pydantic_core import CoreSchema, core_schema

Kind = TypeVar("Kind", bound=Enum)


class Growing:
    """Marks an enum that an API may extend: a value that is not listed yet becomes a member of its own.

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
