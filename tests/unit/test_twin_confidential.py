"""Confidential processes of the twin: its cipher, its keys, and what waits for them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter
from temporalio.exceptions import ApplicationError

from kurun_config import ConfigurationError
from kurun_twin.definitions import Definitions, load_definitions
from kurun_twin.dev_words import Words
from kurun_twin.engine.encryption import Encryption, NoKeyError, UnreadablePayloadError, headers
from kurun_twin.engine.watcher import _innermost
from kurun_twin.figures import Figures
from kurun_twin.info import describe
from kurun_twin.platform.refusals import NotFound
from tests.second_cipher import ENCODING, KEY, KEY_ID, seal, unseal
from tests.unit.twins import new_process, new_task, open_twin

APPLICATION = "principals: {applications: [{name: worker}]}\n"
PROCESS = "processDefinitions:\n  - code: LOAN\n    workflowType: W\n    taskQueue: q\n"
ACTION = "    processActionDefinitions: [{code: A, type: START_WORKFLOW, workflowType: W%s}]\n"
ARTIFACT = (
    "businessArtifactDefinitions:\n"
    "  - code: CUSTOMER\n"
    "    businessArtifactActionDefinitions:\n"
    "      - {code: A, type: DOWNLOADABLE, workflowType: W, taskQueue: q, confidential: true}\n"
)


async def _key(key_id: str) -> bytes:
    if key_id != KEY_ID:
        raise NotFound("there is no such key")
    return KEY


@given(st.binary(max_size=500), st.dictionaries(st.text(max_size=10), st.binary(max_size=10), max_size=3))
async def test_another_cipher_reads_it_and_is_read(data: bytes, metadata: dict[str, bytes]) -> None:
    """Any payload, in both directions."""
    payload, twin = Payload(metadata=metadata, data=data), Encryption(_key)
    first, second = await twin.sealed([payload, payload], KEY_ID)

    assert payload == unseal(first) == unseal(second)
    assert first.data != second.data
    assert payload == await twin.opened(seal(payload))


async def test_what_is_not_encrypted_stays_as_it_is() -> None:
    """A worker may answer in clear text."""
    payload = Payload(metadata={"encoding": b"json/plain"}, data=b"1")

    assert payload == await Encryption(_key).opened(payload)


@pytest.mark.parametrize(
    ("payload", "error", "message"),
    [
        (seal(Payload(), key_id="another"), NoKeyError, "no encryption key 'another': there is no such key"),
        (seal(Payload(), key=bytes(32)), UnreadablePayloadError, "InvalidTag"),
        (Payload(metadata={"encoding": ENCODING}), UnreadablePayloadError, "names no key"),
        (
            Payload(metadata={"encoding": ENCODING, "encoding-encrypted-key-id": b"\xff"}),
            UnreadablePayloadError,
            "names no key",
        ),
    ],
)
async def test_what_cannot_be_decrypted(payload: Payload, error: type[Exception], message: str) -> None:
    """It is said why, in words without content."""
    with pytest.raises(error, match=message):
        await Encryption(_key).opened(payload)


@given(st.binary(max_size=200))
async def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    """Whatever a worker writes."""
    payload = Payload(metadata={"encoding": ENCODING, "encoding-encrypted-key-id": KEY_ID.encode()}, data=data)

    with pytest.raises(UnreadablePayloadError):
        await Encryption(_key).opened(payload)


def test_headers_tell_that_a_run_is_confidential() -> None:
    """Their values are what every SDK's default converter reads; other runs have none."""
    made = headers(KEY_ID)

    assert made is not None
    assert {name: PayloadConverter.default.from_payload(value) for name, value in made.fields.items()} == {
        "x-kuflow-encoding": ENCODING.decode(),
        "x-kuflow-encoding-encrypted-key-id": KEY_ID,
    }
    assert headers(None) is None


def _load(folder: Path, text: str) -> Definitions:
    file = folder / "defs.yaml"
    file.write_text(APPLICATION + text)
    return load_definitions(file)


def _keys(definitions: Definitions) -> tuple[str | None, str | None]:
    process = definitions.processes[0]
    target = process.actions["A"].workflow
    assert target is not None
    return process.kms_key_id, target.kms_key_id


def test_an_action_is_as_confidential_as_its_process(tmp_path: Path) -> None:
    """Unless it says otherwise; a key that is not named is derived, and stays the same."""
    derived, action = _keys(_load(tmp_path, PROCESS + "    confidential: true\n" + ACTION % ""))
    again, other = _keys(_load(tmp_path, PROCESS + "    confidential: true\n" + ACTION % ", confidential: false"))

    assert derived == action == again
    assert derived is not None
    assert other is None
    named = PROCESS + "    confidential: true\n    kmsKeyId: k\n"
    assert _keys(_load(tmp_path, named + ACTION % ", confidential: true")) == ("k", "k")
    assert _keys(_load(tmp_path, named + ACTION % ", confidential: true, kmsKeyId: o")) == ("k", "o")
    plain, own = _keys(_load(tmp_path, PROCESS + ACTION % ", confidential: true"))
    assert plain is None
    assert own not in (None, derived)


def test_derived_keys_are_there_beside_those_of_the_file(tmp_path: Path) -> None:
    """A file that names keys need not name those."""
    definitions = _load(tmp_path, PROCESS + "    confidential: true\n" + ARTIFACT + "kmsKeys: [{id: k}]\n")
    target = definitions.artifacts[0].actions["A"].workflow

    assert target is not None
    assert [each.id for each in definitions.kms_keys or ()] == [
        "k",
        definitions.processes[0].kms_key_id,
        target.kms_key_id,
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("    kmsKeyId: k\n", r":3: processDefinitions\.0: kmsKeyId is used only with confidential: true"),
        (
            "    confidential: true\n    kmsKeyId: o\nkmsKeys: [{id: k}]\n",
            r":7: processDefinitions\.0\.kmsKeyId: no KMS key o; known: k",
        ),
        ("    confidential: sure\n", r":6: processDefinitions\.0\.confidential: "),
    ],
)
def test_mistakes_are_named(text: str, message: str, tmp_path: Path) -> None:
    """With their line."""
    with pytest.raises(ConfigurationError, match=message):
        _load(tmp_path, PROCESS + text)


async def test_commands_of_a_confidential_process_name_its_key(tmp_path: Path) -> None:
    """The key that it was started with, whatever the file says later; those of missing keys can be left out."""
    plain = PROCESS + "  - {code: OPEN, workflowType: O, taskQueue: q}\n"
    confidential = plain.replace("    taskQueue", "    confidential: true\n    kmsKeyId: k\n    taskQueue")
    with open_twin(tmp_path, APPLICATION + confidential) as twin:
        process = await new_process(twin.client(), twin)
        await new_process(twin.client(), twin, "OPEN")
    with open_twin(tmp_path, APPLICATION + plain) as twin:
        task = await new_task(twin.client(), process)
        await twin.client().post(f"/process-items/{task['id']}/task/~actions/claim")
        await twin.client().post(f"/process-items/{task['id']}/task/~actions/complete")
        keys = [(each.kind.value, each.kms_key_id) for each in twin.commands()]
        others = await twin.platform.outbox.pending(without_keys={"k"})

    assert keys == [("start_workflow", "k"), ("start_workflow", None), ("signal_workflow", "k")]
    assert [each.workflow_type for each in others] == ["O"]


async def test_a_developer_sees_which_processes_are_confidential(tmp_path: Path) -> None:
    """In the description and in the words at the start."""
    said: list[str] = []
    with open_twin(tmp_path, APPLICATION + PROCESS + "    confidential: true\n    kmsKeyId: k\n") as twin:
        info = describe(twin.platform, endpoint="http://e", engine_address="e:1", direct_address="d:1", ui=None)
        Words(twin.platform.options, said.append).ready(info)

    assert [each["kms_key_id"] for each in info["process_definitions"]] == ["k"]
    assert "W on queue q, confidential with key k" in "\n".join(said)


def test_reasons_are_counted_and_limited() -> None:
    """A flood of key ids does not fill the memory."""
    figures = Figures()
    for number in range(200):
        figures.encryption_failure(f"no key {number}")
    figures.encryption_failure("no key 0")
    failures = json.loads(json.dumps(figures.snapshot()))["encryption"]["failures"]

    assert (failures["no key 0"], failures["other reasons"], len(failures)) == (2, 100, 101)


def test_an_encrypted_reason_is_told_as_such() -> None:
    """The type of the failure is in clear text, its message is not."""
    assert _innermost(ApplicationError("Encoded failure", type="Broke")) == "Broke: its message is encrypted"
