"""The definitions file's ``k2`` section."""

from pathlib import Path

import pytest

from kurun_config import ConfigurationError
from kurun_twin.definitions import load_definitions
from kurun_twin.definitions.k2_models import K2Definitions
from tests.unit.k2_twins import K2_DEFINITIONS, open_k2_twin

BOB = r"""
k2:
  users: [{name: 'ACME\Bob'}]
  workflows:
    - name: 'A\B'
      dataFields: {Amount: {type: number}}
      steps:
"""
TASK = BOB + r"        - {task: T, destinations: ['ACME\Bob'], "


def _load(folder: Path, text: str) -> K2Definitions:
    file = folder / "defs.yaml"
    file.write_text(text, encoding="utf-8")
    k2 = load_definitions(file).k2
    assert k2 is not None
    return k2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("k2: {users: []}", "defs.yaml:1: k2.users: Tuple should have at least 1 item"),
        ("k2:\n  users: [{name: Bob}]", "defs.yaml:2: k2.users.0.name: String should match pattern"),
        ("k2:\n  users: [{name: 'A\\B'}, {name: 'a\\b'}]", "defs.yaml:2: k2.users.1.name: a\\b stands there twice"),
        ("k2:\n  users: [{name: 'A\\B', manager: 'A\\C'}]", "defs.yaml:2: k2.users.0.manager: no K2 user a\\c"),
        (
            "k2:\n  users: [{name: 'A\\B'}]\n  serverEventUsers: ['A\\C']",
            "defs.yaml:3: k2.serverEventUsers.0: no K2 user",
        ),
        (BOB + "        - {}", "defs.yaml:8: k2.workflows.0.steps.0: a step has either"),
        (BOB + "        - {task: A, serverEvent: B}", "defs.yaml:8: k2.workflows.0.steps.0: a step has either"),
        (BOB + "        - {serverEvent: B, slots: 1}", "defs.yaml:8: k2.workflows.0.steps.0: a server event has no"),
        (BOB + "        - {task: T}", "defs.yaml:8: k2.workflows.0.steps.0: a task needs destinations and actions"),
        (TASK + "slots: 2, actions: [{name: A}]}", "defs.yaml:8: k2.workflows.0.steps.0.slots: more slots than the 1"),
        (TASK + "actions: [{name: A, next: X}]}", "steps.0.actions.0.next: no step X; known: T"),
        (TASK + "actions: [{name: A}, {name: a}]}", "steps.0.actions.1.name: a stands there twice"),
        (TASK + "actions: [{name: A, set: {X: 1}}]}", "actions.0.set.X: no data field X; known: Amount"),
        (TASK + "actions: [{name: A, set: {Amount: x}}]}", "actions.0.set.Amount: breaks the data field's schema"),
        (TASK + "actions: [{name: A}], expiresAfter: 0}", "steps.0.expiresAfter: Input should be greater than 0"),
        (BOB + "        - {serverEvent: T}\n        - {serverEvent: T}", "defs.yaml:9: k2.workflows.0.steps.1"),
        (
            BOB.replace("number", "nunber") + "        - {serverEvent: T}",
            "defs.yaml:6: k2.workflows.0.dataFields.Amount",
        ),
        (BOB.replace("steps", "stages") + "        - {serverEvent: T}", "k2.workflows.0.stages: no such key"),
    ],
)
def test_a_mistake_is_pointed_at(tmp_path: Path, text: str, expected: str) -> None:
    """What cannot be right is named with file, line and key."""
    with pytest.raises(ConfigurationError) as raised:
        _load(tmp_path, text)

    assert expected in str(raised.value)


def test_without_the_section_there_is_no_k2(tmp_path: Path) -> None:
    """K2 is there only for those who define it."""
    file = tmp_path / "defs.yaml"
    file.write_text("{}", encoding="utf-8")

    assert load_definitions(file).k2 is None


def test_a_workflow_without_an_id_gets_one_that_stays(tmp_path: Path) -> None:
    """A derived id does not depend on what stands before the workflow."""
    text = BOB + "        - {serverEvent: T}"
    alone = _load(tmp_path, text).workflows[0].id
    with_another = _load(tmp_path, text.replace("    - name: 'A\\B'", "    - {name: New}\n    - name: 'A\\B'"))

    assert [alone] == [each.id for each in with_another.workflows if each.full_name == "A\\B"]


def test_names_do_not_depend_on_case(tmp_path: Path) -> None:
    """Accounts are meant whatever the case in which their names are written."""
    text = TASK.replace("destinations: ['ACME\\Bob']", "destinations: ['acme\\BOB']") + "actions: [{name: A}]}"

    assert ("ACME\\Bob",) == _load(tmp_path, text).workflows[0].steps[0].destinations


def test_passwords_are_made_once(tmp_path: Path) -> None:
    """An account without a password gets one that stays; the file is the owner's alone."""
    text = K2_DEFINITIONS.replace(r"{name: 'ACME\Zoe', password: 'Geheim:1'}", r"{name: 'ACME\Zoe'}")
    with open_k2_twin(tmp_path, text) as twin:
        made, client = twin.user("Zoe").password, twin.k2.credentials
    with open_k2_twin(tmp_path, text) as twin:
        kept, client_again = twin.user("Zoe").password, twin.k2.credentials

    assert len(made) >= 16
    assert (made, client) == (kept, client_again)
    assert (tmp_path / "k2-credentials.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "name", ["ACME\\Bob", "acme\\BOB", "bob@ACME", "bob@example.com", "Bob", "K2:ACME\\Bob", "k2:bob"]
)
def test_an_account_is_known_by_its_forms(tmp_path: Path, name: str) -> None:
    r"""``DOMAIN\user``, ``user@domain``, the e-mail address and the bare name mean the same, with K2's label too."""
    with open_k2_twin(tmp_path) as twin:
        found = twin.k2.users.authenticate(name, "Geheim:1")

        assert twin.user("Bob") == found
        assert twin.k2.users.authenticate(name, "Geheim") is None


def test_a_bare_name_that_two_have_means_neither(tmp_path: Path) -> None:
    """Without its domain a name must be unique."""
    text = K2_DEFINITIONS.replace(r"'ACME\Zoe'", r"'OTHER\Bob'")
    with open_k2_twin(tmp_path, text) as twin:
        assert twin.k2.users.named("Bob") is None
        assert twin.k2.users.named("AD:ACME\\Bob") is None
        assert twin.user("OTHER\\Bob").short_name == "Bob"


def test_accounts_are_searched_with_wildcards(tmp_path: Path) -> None:
    """``*`` stands for any text, and everything given must fit."""
    with open_k2_twin(tmp_path) as twin:
        search = twin.k2.users.search
        found = [
            [each.short_name for each in search(**wanted)]
            for wanted in ({"fqn": "k2:acme\\*"}, {"email": "*@example.com", "display_name": "b*"}, {"username": "Bob"})
        ]

        assert [["Bob", "Eve", "svc", "Zoe"], ["Bob"], []] == found
