"""How values, serial numbers and actions are written into addresses."""

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_clients.http import InvalidRequest
from kurun_clients.k2.services import TaskAction
from kurun_clients.k2.services.paths import at, escaped, item, numbered, unescaped


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("/Users", "K2:DENALLIX\\Anthony", "/Users(K2_C_DENALLIX_B_Anthony)"),
        ("/Definitions", "K2 Examples\\Order Process", "/Definitions(K2%20Examples_B_Order%20Process)"),
        ("/Actions", "A:Rework", "/Actions(A_C_Rework)"),
        ("/DataFields", "a/b_c", "/DataFields(a_S_b_U_c)"),
        ("/DataFields", "50% (net)?#", "/DataFields(50%25%20%28net%29%3F%23)"),
        ("/DataFields", "Größe", "/DataFields(Gr%C3%B6%C3%9Fe)"),
    ],
)
def test_values_in_paths(path: str, value: str, expected: str) -> None:
    """K2's documented addresses, and characters for which it documents no sequence."""
    assert expected == at(path, value)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("_USBC/\\:"), min_size=1))
def test_a_value_comes_back(value: str) -> None:
    """Escaping loses nothing, also where the value holds a sequence itself, and leaves nothing that ends a segment."""
    path = at("/X", value)

    assert value == unescaped(escaped(value))
    assert value == unescaped(unquote(path.removeprefix("/X(").removesuffix(")")))
    assert not set("/\\:?#() ") & set(path[3:-1])


@pytest.mark.parametrize("value", ["", "a\nb", "\0", "\x7f", "\ud800"])
def test_values_that_no_path_can_hold(value: str) -> None:
    """Nothing is sent for them."""
    with pytest.raises(InvalidRequest, match="/X"):
        at("/X", value)


def test_serial_numbers_are_raw() -> None:
    """The underscore of a serial number is not replaced, and its prefix is dropped."""
    assert [item("/Items", "SN=19_10"), numbered("/Instances", 7)] == ["/Items(19_10)", "/Instances(7)"]
    for refused in ("19", "19_10)/Actions(x", "19_10/.."):
        with pytest.raises(InvalidRequest, match="serial number"):
            item("/Items", refused)
    with pytest.raises(InvalidRequest, match="no id"):
        numbered("/Instances", -1)


@pytest.mark.parametrize(
    ("action", "worklist", "task"),
    [
        (TaskAction.named("Approve"), "Action:Approve", "a:Approve"),
        (TaskAction.redirect("K2:ACME\\Bob"), "Redirect:K2:ACME\\Bob", "r:K2:ACME\\Bob"),
        (TaskAction.delegate("K2:ACME\\Bob"), "Delegate:K2:ACME\\Bob", "d:K2:ACME\\Bob"),
        (TaskAction.sleep(90), "Sleep:90", "s:90"),
        (TaskAction.sleep_forever(), "Sleep:0", "s:0"),
        (TaskAction.wake(), "Sleep:-1", "s:-1"),
        (
            TaskAction.sleep_until(datetime(2017, 5, 15, 19, 47, 44, 40000, timezone(timedelta(hours=2)))),
            "Sleep:2017-05-15T17:47:44.040000Z",
            "s:2017-05-15T17:47:44.040000Z",
        ),
        (TaskAction.of("R:x"), "Action:R:x", "a:R:x"),
    ],
)
def test_actions(action: TaskAction, worklist: str, task: str) -> None:
    """Both services' documented spellings; a plain text is an action of the workflow, whatever it begins with."""
    assert (worklist, task) == (action.in_worklist, action.in_task)


def test_actions_that_are_none() -> None:
    """0 and negative numbers of seconds mean something else to K2, and an action has a name."""
    for seconds in (0, -5):
        with pytest.raises(InvalidRequest, match="positive"):
            TaskAction.sleep(seconds)
    with pytest.raises(InvalidRequest, match="name"):
        TaskAction.named(" ")
    assert TaskAction.sleep_until(datetime(2017, 5, 15, tzinfo=UTC)).argument == "2017-05-15T00:00:00Z"
