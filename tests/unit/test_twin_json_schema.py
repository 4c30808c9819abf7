"""The verdict on JSON data."""

from typing import Any

import pytest

from kurun_twin.json_schema import BrokenSchemaError, JsonSchema, pointer
from kurun_twin.platform.json_data import judged, unpacked
from kurun_twin.platform.refusals import Invalid

PERSON = JsonSchema(
    {
        "type": "object",
        "required": ["name", "age"],
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "age": {"type": "integer", "minimum": 0},
            "born": {"type": "string", "format": "date-time"},
            "a/b~c": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "additionalProperties": False,
    }
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"name": "Ada", "age": 36}, []),
        ({}, [("/age", "REQUIRED"), ("/name", "REQUIRED")]),
        ({"name": "", "age": -1}, [("/age", "MINIMUM"), ("/name", "MIN_LENGTH")]),
        ({"name": "Ada", "age": "36"}, [("/age", "TYPE")]),
        ({"name": "Ada", "age": 1, "tags": ["x", 2]}, [("/tags/1", "TYPE")]),
        ({"name": "Ada", "age": 1, "a/b~c": 2}, [("/a~1b~0c", "TYPE")]),
        ({"name": "Ada", "age": 1, "more": 2}, [("", "ADDITIONAL_PROPERTIES")]),
    ],
)
def test_breaches_are_named_by_pointer_and_rule(value: Any, expected: list[tuple[str, str]]) -> None:
    """Each breach is a JSON pointer and the rule in KuFlow's spelling; a missing property is pointed at itself."""
    assert expected == PERSON.breaches(value)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2024-02-29T12:00:00Z", True),
        ("2024-02-29T12:00:00.123456789+01:00", True),
        ("2023-02-29T12:00:00Z", False),
        ("2024-02-29T12:00:00", False),
        ("2024-02-29", False),
        ("yesterday", False),
    ],
)
def test_date_times_are_checked(text: str, valid: bool) -> None:
    """``format: date-time`` means RFC 3339 with a zone, and days that exist."""
    expected = [] if valid else [("/born", "FORMAT")]

    assert expected == PERSON.breaches({"name": "Ada", "age": 1, "born": text})


def test_the_list_of_breaches_is_limited() -> None:
    """A value with thousands of breaches does not make an answer of thousands of lines."""
    schema = JsonSchema({"type": "object", "additionalProperties": {"type": "string"}})

    assert len(schema.breaches({str(number): number for number in range(5000)})) == 100


def test_a_reference_inside_the_schema_works() -> None:
    """``$ref`` to ``$defs`` is followed."""
    schema = JsonSchema({"$defs": {"n": {"type": "number"}}, "properties": {"a": {"$ref": "#/$defs/n"}}})

    assert schema.breaches({"a": "x"}) == [("/a", "TYPE")]


def test_a_property_may_be_called_ref() -> None:
    """A property with the name ``$ref`` is no reference."""
    JsonSchema({"properties": {"$ref": {"type": "string"}}})


def test_a_broken_schema_names_the_place() -> None:
    """The place of the mistake inside the schema is known."""
    with pytest.raises(BrokenSchemaError) as raised:
        JsonSchema({"properties": {"a": {"pattern": "("}}})

    assert raised.value.place == ("properties", "a", "pattern")


def test_invalid_data_is_stored_with_its_errors() -> None:
    """What is stored carries the verdict."""
    stored = unpacked(judged(PERSON, {"name": "Ada"}))

    assert stored == {
        "valid": False,
        "value": {"name": "Ada"},
        "errors": [{"propertyPath": "/age", "type": "REQUIRED"}],
    }


def test_without_a_schema_everything_is_valid() -> None:
    """No schema, no errors."""
    assert unpacked(judged(None, {"x": 1})) == {"valid": True, "value": {"x": 1}}


def test_deep_data_is_refused() -> None:
    """Data nested more than 100 deep is refused before anything recurses into it."""
    value: dict[str, Any] = {}
    for _ in range(101):
        value = {"a": value}

    with pytest.raises(Invalid, match="more than 100 deep"):
        judged(PERSON, value)


def test_pointers_escape() -> None:
    """RFC 6901: tilde and slash are escaped."""
    assert pointer(("a/b", "~", 0)) == "/a~1b/~0/0"
