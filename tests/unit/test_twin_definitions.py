"""The definitions file of the twin."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_config import ConfigurationError
from kurun_twin.definitions import Definitions, load_definitions
from kurun_twin.marked_yaml import read_yaml
from tests.unit.twins import DEFINITIONS

PROCESS = "processDefinitions:\n  - code: LOAN\n    workflowType: W\n    taskQueue: q\n"
APPLICATION = "principals: {applications: [{name: worker}]}\n"


def _load(folder: Path, text: str | bytes, **limits: int) -> Definitions:
    file = folder / "defs.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_definitions(file, **limits)


def _refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(ConfigurationError) as raised:
        _load(folder, text)
    return str(raised.value).removeprefix(f"{folder}/")


def test_definitions_are_found_by_id_and_code(tmp_path: Path) -> None:
    """A definition is found by its id and its code, and knows its items."""
    definitions = _load(tmp_path, DEFINITIONS)
    loan = definitions.process_by_code("LOAN")

    assert loan is not None
    assert loan is definitions.process_by_id(loan.id)
    assert list(loan.items or {}) == ["FORM", "FREE", "NOTE"]
    assert frozenset({"loans", "open", "extra"}) == definitions.task_queues


def test_ids_are_derived_from_names(tmp_path: Path) -> None:
    """Ids that the file leaves out are the same at every start and differ between definitions."""
    first, second = _load(tmp_path, DEFINITIONS), _load(tmp_path, DEFINITIONS)
    ids = [first.tenant.id, *(each.id for each in first.principals), *(each.id for each in first.processes)]

    assert first.tenant == second.tenant
    assert [each.id for each in first.processes] == [each.id for each in second.processes]
    assert len(ids) == len(set(ids))


def test_given_ids_are_kept(tmp_path: Path) -> None:
    """An id in the file wins over a derived one."""
    given_id = "00dd2086-81f3-4572-b714-8dfc17219bb3"
    definitions = _load(tmp_path, APPLICATION + PROCESS + f"    id: {given_id}\n")

    assert given_id == str(definitions.processes[0].id)


def test_a_changed_definition_has_another_version(tmp_path: Path) -> None:
    """The version follows the content while the id stays."""
    before = _load(tmp_path, APPLICATION + PROCESS).processes[0]
    after = _load(tmp_path, APPLICATION + PROCESS + "    name: Loan\n").processes[0]

    assert before.id == after.id
    assert before.version != after.version


def test_without_a_file_any_queue_is_welcome() -> None:
    """Without a file there are an application and a user, no processes, and no list of queues."""
    definitions = load_definitions(None)

    assert [each.kind for each in definitions.principals] == ["APPLICATION", "USER"]
    assert definitions.processes == ()
    assert definitions.task_queues is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [b", "defs.yaml:1: not YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: 1\na: 2", "defs.yaml:2: the key 'a' stands there twice"),
        ("404: x", "defs.yaml:1: the key 404 is no text: put it in quotes"),
        ("a: &a [*a]", "defs.yaml:1: too large: too many or too deeply nested values"),
        ("\n\n!!python/object:os.system x", "not YAML: could not determine a constructor"),
        ("\x07", "not YAML"),
        (b"a: \xff", "defs.yaml:1: not UTF-8 text"),
        ("", "must hold keys such as processDefinitions"),
        ("- 1", "must hold keys such as processDefinitions"),
        ("a: .nan", "numbers must be finite"),
        ("tenant: {name: ''}", "defs.yaml:1: tenant.name: String should have at least 1 character"),
        ("tenant:\n  nam: x", "defs.yaml:2: tenant.nam: no such key"),
        ("principals: {applications: []}", "defs.yaml:1: principals: at least one application is needed"),
        (PROCESS.replace("q", "5"), "defs.yaml:4: processDefinitions.0.taskQueue: Input should be a valid string"),
        (PROCESS.replace("    taskQueue: q\n", ""), "defs.yaml:2: processDefinitions.0.taskQueue: Field required"),
        (
            APPLICATION + PROCESS + "  - {code: LOAN, workflowType: W, taskQueue: q}\n",
            "defs.yaml:6: processDefinitions.1.code: LOAN stands there twice",
        ),
        (
            APPLICATION + PROCESS + "    processItemDefinitions:\n      - code: A\n      - code: A\n",
            "defs.yaml:8: processDefinitions.0.processItemDefinitions.1.code: A stands there twice",
        ),
        (
            APPLICATION + PROCESS + "    metadata:\n      properties:\n        a: {type: strin}\n",
            "defs.yaml:8: processDefinitions.0.metadata.properties.a.type: broken JSON Schema: 'strin' is not valid",
        ),
        (
            APPLICATION + PROCESS + "    metadata:\n      $ref: '#/nowhere'\n",
            "defs.yaml:7: processDefinitions.0.metadata.$ref: broken JSON Schema: the reference '#/nowhere' leads",
        ),
        (
            APPLICATION + PROCESS + "    metadata: {$ref: 'http://127.0.0.1:1/x'}\n",
            "the reference 'http://127.0.0.1:1/x' leads nowhere",
        ),
        (APPLICATION + PROCESS + "    metadata: {$ref: '#'}\n", "it refers to itself without end"),
        (
            "principals:\n  applications: [{name: w}]\n  users: [{name: A, email: a@b},\n   {name: B, email: A@b}]\n",
            "defs.yaml:4: principals.users.1: a@b stands there twice",
        ),
    ],
)
def test_mistakes_are_pointed_at(tmp_path: Path, text: str | bytes, message: str) -> None:
    """Every mistake ends in one line that names file, line and key."""
    refused = _refusal(tmp_path, text)

    assert message in refused
    assert "\n" not in refused


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(ConfigurationError, match=r"none\.yaml: cannot be read: No such file"):
        load_definitions(tmp_path / "none.yaml")


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    """A file beyond the limit is not even parsed."""
    with pytest.raises(ConfigurationError, match="larger than 100 bytes"):
        _load(tmp_path, "#" * 101, max_bytes=100)


def test_aliases_cannot_grow_without_end(tmp_path: Path) -> None:
    """A small file that stands for billions of values is refused quickly."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    assert "too large" in _refusal(tmp_path, "\n".join(lines))


def test_dates_stay_texts() -> None:
    """Dates are read as JSON would have them, since schemas are JSON."""
    assert read_yaml("default: 2024-01-01", "f").data == {"default": "2024-01-01"}


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text whatever leads to another error than ``ConfigurationError``."""
    with contextlib.suppress(ConfigurationError):
        read_yaml(text, "f")
