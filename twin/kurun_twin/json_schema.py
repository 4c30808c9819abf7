"""JSON Schemas (draft 2020-12) and the verdict they give, in the terms of KuFlow's ``JsonValue``."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, FormatChecker, SchemaError, ValidationError
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

_MAX_ERRORS = 100
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_FORMATS = FormatChecker(formats=["date", "email", "ipv4", "ipv6", "regex", "uuid"])


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    # Fractions of any length are allowed by RFC 3339, by datetime only up to six digits.
    datetime.fromisoformat(re.sub(r"\.\d+", "", value).upper())
    return _DATE_TIME.fullmatch(value) is not None


class BrokenSchemaError(Exception):
    """The schema itself is wrong; ``place`` leads to the part that is."""

    def __init__(self, reason: str, place: tuple[str | int, ...] = ()) -> None:
        super().__init__(reason)
        self.place = place


class Breach(NamedTuple):
    """One place where a value breaks the schema: a JSON pointer, and the broken rule's name such as ``REQUIRED``."""

    property_path: str
    type: str


class JsonSchema:
    """A schema that was checked and needs nothing from outside itself."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Check the schema.

        Raises:
            BrokenSchemaError: It is no valid schema, or a reference in it leads nowhere.
        """
        try:
            Draft202012Validator.check_schema(schema, format_checker=_FORMATS)
        except SchemaError as error:
            raise BrokenSchemaError(error.message, tuple(error.absolute_path)) from None
        _resolve_references(schema)
        # An own registry: the default one would fetch unknown references over the network.
        self._validator = Draft202012Validator(schema, format_checker=_FORMATS, registry=Registry())
        try:
            self.breaches({})
        except RecursionError:
            raise BrokenSchemaError("it refers to itself without end") from None

    def breaches(self, value: Any) -> list[Breach]:
        """Every place where the value breaks the schema, in the order of their pointers; at most 100."""
        found: set[Breach] = set()
        for error in self._validator.iter_errors(value):
            found.update(_breaches(error))
            if len(found) >= _MAX_ERRORS:
                break
        return sorted(found)[:_MAX_ERRORS]


def pointer(place: Iterator[str | int] | tuple[str | int, ...]) -> str:
    """A JSON pointer (RFC 6901) to a place."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)


def _breaches(error: ValidationError) -> Iterator[Breach]:
    place = tuple(error.absolute_path)
    rule = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(error.validator)).upper()
    if error.validator == "required" and isinstance(error.validator_value, list):
        for name in error.validator_value:
            if isinstance(error.instance, dict) and name not in error.instance:
                yield Breach(pointer((*place, name)), rule)
    else:
        yield Breach(pointer(place), rule)


def _resolve_references(schema: Mapping[str, Any]) -> None:
    resolver = Registry().with_resource("", Resource.from_contents(schema, DRAFT202012)).resolver()
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), schema)]
    while waiting:
        place, part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(((*place, position), entry) for position, entry in enumerate(part))
        elif isinstance(part, dict):
            waiting.extend(((*place, key), entry) for key, entry in part.items())
            reference = part.get("$ref")
            if isinstance(reference, str) and place[-1:] != ("properties",) and "const" not in place:
                _resolve(resolver, reference, (*place, "$ref"))


def _resolve(resolver: Any, reference: str, place: tuple[str | int, ...]) -> None:
    try:
        resolver.lookup(reference)
    except (Unresolvable, ValueError) as error:
        raise BrokenSchemaError(f"the reference {reference!r} leads nowhere", place) from error
