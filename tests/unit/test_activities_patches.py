"""JSON pointers, and which JSON patches may be sent twice."""

import json
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_activities.patches import ABSENT, Unrepeatable, at, in_effect, pointer, tokens
from kurun_clients.kuflow.models import JsonPatchOperation

NAMES = st.sampled_from(["a", "b", "c/d", "e~f", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=2),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=3)
POINTERS = st.lists(NAMES | st.sampled_from(["0", "1", "-"]), min_size=1, max_size=3).map(pointer)
OPERATIONS = st.builds(
    lambda op, path, value: {"op": op, "path": path} | ({} if op == "remove" else {"value": value}),
    st.sampled_from(["add", "replace", "remove", "test"]),
    POINTERS,
    VALUES,
)


def operations(*patch: dict[str, Any]) -> list[JsonPatchOperation]:
    """A patch as models."""
    return [JsonPatchOperation.model_validate(operation) for operation in patch]


@given(st.lists(st.text(max_size=4), max_size=4))
def test_pointers_round_trip(parts: list[str]) -> None:
    """Any names, slashes and tildes among them, survive being written as a pointer and read again."""
    assert parts == tokens(pointer(parts))


@given(OBJECTS, st.lists(OPERATIONS, min_size=1, max_size=4))
def test_an_applied_patch_is_seen_to_be_in_effect(document: dict[str, Any], patch: list[dict[str, Any]]) -> None:
    """After a patch was applied, by another implementation, it is in effect, or nobody can tell.

    A patch that undoes a part of itself may look unapplied; then it is sent again, with the same result.
    """
    try:
        applied = jsonpatch.apply_patch(document, patch)
        applied_twice = jsonpatch.apply_patch(applied, patch)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException):
        return
    try:
        seen = in_effect(operations(*patch), applied)
    except Unrepeatable:
        return

    assert seen or same(applied, applied_twice)


@given(OBJECTS, st.lists(OPERATIONS, min_size=1, max_size=4))
def test_sending_again_never_does_more(document: dict[str, Any], patch: list[dict[str, Any]]) -> None:
    """A patch that is neither unrepeatable nor in effect does not change an applied document when it is sent again."""
    try:
        applied = jsonpatch.apply_patch(document, patch)
        if in_effect(operations(*patch), applied):
            return
        again = jsonpatch.apply_patch(applied, patch)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, Unrepeatable):
        return

    assert same(applied, again)


def same(left: Any, right: Any) -> bool:
    """Equal as JSON, where true is not 1."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


@pytest.mark.parametrize(
    ("patch", "document", "expected"),
    [
        ({"op": "replace", "path": "/a", "value": 1}, {"a": 1}, True),
        ({"op": "replace", "path": "/a", "value": 1}, {"a": 2}, False),
        ({"op": "replace", "path": "/a", "value": 1}, {"a": True}, False),
        ({"op": "add", "path": "/a", "value": None}, {}, False),
        ({"op": "add", "path": "/a", "value": None}, {"a": None}, True),
        ({"op": "remove", "path": "/a"}, {"b": 1}, True),
        ({"op": "remove", "path": "/a"}, {"a": 1}, False),
        ({"op": "add", "path": "/a/b", "value": 1}, {}, False),
        ({"op": "replace", "path": "/l/1", "value": 5}, {"l": [4, 5]}, True),
        ({"op": "replace", "path": "", "value": {"a": 1}}, {"a": 1}, True),
        ({"op": "test", "path": "/a", "value": 3}, {"a": 1}, True),
    ],
)
def test_whether_a_patch_is_in_effect(patch: dict[str, Any], document: dict[str, Any], expected: bool) -> None:
    """The document is compared with what the patch would leave."""
    assert expected == in_effect(operations(patch), document)


@pytest.mark.parametrize(
    "patch",
    [
        {"op": "add", "path": "/l/-", "value": 1},
        {"op": "add", "path": "/l/0", "value": 1},
        {"op": "remove", "path": "/l/0"},
        {"op": "move", "path": "/b", "from": "/a"},
        {"op": "copy", "path": "/b", "from": "/a"},
        {"op": "remove", "path": ""},
    ],
)
def test_what_may_not_be_sent_twice(patch: dict[str, Any]) -> None:
    """Lists that shift, and operations that read what they change, leave no trace that proves they were applied."""
    with pytest.raises(Unrepeatable):
        in_effect(operations(patch), {"a": 1, "l": [1]})


def test_places_that_are_not_there() -> None:
    """A pointer into nothing, past a list's end or into a text finds nothing."""
    document = {"l": [1], "t": "text", "n": None}

    found = [at(document, path) for path in (["x"], ["l", "1"], ["l", "-"], ["l", "x"], ["t", "0"], ["n", "x"])]

    assert found == [ABSENT] * 6


@pytest.mark.parametrize("text", ["a", "a/b", "#/a"])
def test_what_is_no_pointer_is_refused(text: str) -> None:
    """A pointer is empty or begins with a slash."""
    with pytest.raises(ValueError, match="JSON pointer"):
        tokens(text)
