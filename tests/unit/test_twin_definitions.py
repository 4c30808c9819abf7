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
ACTION = APPLICATION + PROCESS + "    processActionDefinitions:\n      - {code: A, type: "
ARTIFACT = (
    APPLICATION
    + "businessArtifactDefinitions:\n"
    + "  - code: CUSTOMER\n    businessArtifactActionDefinitions:\n      - {code: A, type: "
)


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
    assert list(loan.items or {}) == ["FORM", "FREE", "NOTE", "STUCK"]
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


def test_queues_of_actions_may_be_polled(tmp_path: Path) -> None:
    """A worker may serve only the workflows of actions."""
    own = _load(tmp_path, ACTION + "START_WORKFLOW, workflowType: W, taskQueue: other}\n")
    shared = _load(tmp_path, ACTION + "DOWNLOADABLE, workflowType: W}\n")

    assert frozenset({"q", "other"}) == own.task_queues
    assert frozenset({"q"}) == shared.task_queues


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """Neither keys nor a robot's variables appear in what is printed."""
    (tmp_path / "robot.zip").touch()
    robot = "robots: [{code: R, sourceFile: robot.zip, environmentVariables: {PASSWORD: hush}}]\n"
    definitions = _load(tmp_path, APPLICATION + robot + f"kmsKeys: [{{id: k, value: {'QUFB' * 10}QUE=}}]\n")

    assert definitions.kms_keys is not None
    assert definitions.kms_keys[0].value == b"A" * 32
    assert "AAAA" not in repr(definitions)
    assert "hush" not in repr(definitions)


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
        (r'a: "\UFFFFFFFF"', "defs.yaml:1: not YAML"),
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
        (ACTION + "CREATE_TASK}\n", "defs.yaml:7: processDefinitions.0.processActionDefinitions.0."),
        (ACTION + "CREATE_TASK}\n", "0.processItemDefinitionCode: Field required"),
        (ACTION + "OTHER}\n", "defs.yaml:7: processDefinitions.0.processActionDefinitions.0: Input tag 'OTHER'"),
        (ACTION + "CREATE_TASK, signalName: x, processItemDefinitionCode: A}\n", "0.signalName: no such key"),
        (
            ACTION + "START_RELATED_PROCESS, processDefinitionCode: NONE}\n",
            "0.processDefinitionCode: no process definition NONE; known: LOAN",
        ),
        (
            ACTION
            + "CREATE_TASK, processItemDefinitionCode: N}\n    processItemDefinitions: [{code: N, type: MESSAGE}]",
            "0.processItemDefinitionCode: no TASK definition N; known: none",
        ),
        (
            ACTION + "CREATE_PROCESS_ITEM_THREAD}\n      - {code: A, type: CREATE_PROCESS_ITEM_THREAD}\n",
            "defs.yaml:8: processDefinitions.0.processActionDefinitions.1.code: A stands there twice",
        ),
        (
            ACTION + "SEND_WORKFLOW_SIGNAL, signalName: s, input: {type: strin}}\n",
            "processActionDefinitions.0.input.type: broken JSON Schema",
        ),
        (ARTIFACT + "START_PROCESS, processDefinitionCode: NONE}\n", "no process definition NONE; known: none"),
        (
            ARTIFACT + "CREATE_BUSINESS_ARTIFACT, businessArtifactDefinitionCode: NONE}\n",
            "no business artifact definition NONE; known: CUSTOMER",
        ),
        (ARTIFACT + "START_WORKFLOW, workflowType: W}\n", "defs.yaml:5: businessArtifactDefinitions.0."),
        (
            APPLICATION + "groups:\n  - code: G\n    members:\n      - worker\n      - nobody\n",
            "defs.yaml:6: groups.0.members.1: no user has the e-mail address, and no application the name nobody",
        ),
        (APPLICATION + "groups: [{code: G}, {code: G}]\n", "groups.1.code: G stands there twice"),
        (
            APPLICATION + "robots:\n  - code: R\n    sourceFile: none.zip\n",
            "defs.yaml:4: robots.0.sourceFile: there is no file ",
        ),
        (APPLICATION + "robots: [{code: R, sourceFile: defs.yaml, assets: [{}]}]\n", "robots.0.assets.0.type: Field"),
        (APPLICATION + f"robots: [{{code: {'R' * 51}, sourceFile: defs.yaml}}]\n", "at most 50 characters"),
        (APPLICATION + "kmsKeys:\n  - {id: k, value: x}\n", "defs.yaml:3: kmsKeys.0.value: not base64"),
        (APPLICATION + "kmsKeys: [{id: k, value: YWJj}]\n", "kmsKeys.0.value: a key has 32 bytes, this one 3"),
        (APPLICATION + "kmsKeys: [{id: k}, {id: k}]\n", "kmsKeys.1.id: k stands there twice"),
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
