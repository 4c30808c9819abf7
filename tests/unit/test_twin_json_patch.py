"""JSON Patch as the twin applies it."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kurun_twin.platform.json_patch import PATCH, patched
from kurun_twin.platform.refusals import Invalid


def _apply(value: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    return patched(value, PATCH.validate_python(list(operations)))


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([{"op": "add", "path": "/b", "value": 2}], {"a": [1, 2], "b": 2}),
        ([{"op": "add", "path": "/b", "value": None}], {"a": [1, 2], "b": None}),
        ([{"op": "add", "path": "/a/-", "value": 3}], {"a": [1, 2, 3]}),
        ([{"op": "remove", "path": "/a/0"}], {"a": [2]}),
        ([{"op": "replace", "path": "/a", "value": {}}], {"a": {}}),
        ([{"op": "move", "from": "/a", "path": "/c"}], {"c": [1, 2]}),
        ([{"op": "copy", "from": "/a", "path": "/c"}], {"a": [1, 2], "c": [1, 2]}),
        ([{"op": "test", "path": "/a/1", "value": 2}], {"a": [1, 2]}),
        ([{"op": "replace", "path": "", "value": {"n": 1}}], {"n": 1}),
    ],
)
def test_every_operation_works(operations: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    """The six operations of RFC 6902, with a ``null`` value and the whole document as the target too."""
    assert expected == _apply({"a": [1, 2]}, *operations)


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"op": "remove", "path": "/x"}, "remove '/x' is not possible"),
        ({"op": "replace", "path": "/x", "value": 1}, "replace '/x' is not possible"),
        ({"op": "add", "path": "/a/7", "value": 1}, "add '/a/7' is not possible"),
        ({"op": "add", "path": "/x/y", "value": 1}, "add '/x/y' is not possible"),
        ({"op": "add", "path": "/a/0/z", "value": 1}, "add '/a/0/z' is not possible"),
        ({"op": "add", "path": "x", "value": 1}, "add 'x' is not possible"),
        ({"op": "add", "path": "/x"}, "add '/x' is not possible"),
        ({"op": "move", "path": "/x"}, "move '/x' is not possible"),
        ({"op": "test", "path": "/a", "value": 1}, "the test of '/a' fails"),
        ({"op": "replace", "path": "", "value": 5}, "the patch leaves no JSON object"),
    ],
)
def test_impossible_operations_are_refused(operation: dict[str, Any], message: str) -> None:
    """The reason names the operation, and nothing of the patch is done."""
    value = {"a": [1, 2]}

    with pytest.raises(Invalid) as raised:
        _apply(value, {"op": "add", "path": "/done", "value": 1}, operation)

    assert message in raised.value.message
    assert value == {"a": [1, 2]}


@pytest.mark.parametrize("operations", [[], [{"op": "grow", "path": ""}], [{"path": ""}], {"op": "add"}, [1]])
def test_what_is_no_patch_is_refused(operations: object) -> None:
    """A patch is a list of at least one known operation."""
    with pytest.raises(ValidationError):
        PATCH.validate_python(operations)


def test_copies_of_copies_do_not_fill_the_memory() -> None:
    """Sixty copies of the whole into itself would be more than there are atoms of memory."""
    with pytest.raises(Invalid):
        _apply({"a": "x" * 1000}, *({"op": "copy", "from": "", "path": f"/c{n}"} for n in range(60)))


@given(
    st.lists(
        st.fixed_dictionaries(
            {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"])},
            optional={
                "path": st.text("/a01-~", max_size=6),
                "from": st.text("/a01-~", max_size=6),
                "value": st.one_of(st.none(), st.integers(), st.just({"a": [0]})),
            },
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_patch_is_applied_or_refused(operations: list[dict[str, Any]]) -> None:
    """Whatever comes, the result is an object or a refusal."""
    with contextlib.suppress(Invalid, ValidationError):
        assert isinstance(_apply({"a": [{"a": 1}, 0]}, *operations), dict)
