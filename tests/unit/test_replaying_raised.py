"""What a replay says of workflows that raise."""

import inspect
import json
import re
import sys
import types
from pathlib import Path

import pytest
import temporalio
from pydantic import BaseModel
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter
from temporalio.exceptions import ApplicationError

from kurun_worker.converter import KuFlowPayloadConverter, kuflow_data_converter
from kurun_worker.encryption.converter import bind, encrypting
from kurun_worker.encryption.errors import UnreadableContentError
from kurun_worker.encryption.failures import sealing
from kurun_worker.replaying import Rehearsal, Verdict, read_files
from kurun_worker.replaying.raised import MOST_TEXT, raised
from kurun_workflows import WorkflowRequest
from tests.second_cipher import KEY_ID

PATIENT = Path(__file__).parents[1] / "histories" / "patient.json"


class Demanding(BaseModel):
    """Has a field that what was recorded has not."""

    days: int
    name: str = ""


@workflow.defn(name="PatientWorkflow", sandboxed=False)
class Raising:
    """Has a bug."""

    @workflow.run
    async def run(self, _: WorkflowRequest) -> None:
        """Look for what is not there."""
        raise KeyError("days")


@workflow.defn(name="PatientWorkflow", sandboxed=False)
class Failing:
    """Gives up, as an error of Temporal's ends a workflow."""

    @workflow.run
    async def run(self, _: WorkflowRequest) -> None:
        """Give up."""
        known: dict[str, int] = {}
        try:
            known.pop("days")
        except KeyError as error:
            raise ApplicationError("no days", type="NoDays") from error


@workflow.defn(name="PatientWorkflow", sandboxed=False)
class Validating:
    """Holds data to a model that wants more."""

    @workflow.run
    async def run(self, _: WorkflowRequest) -> None:
        """Validate."""
        Demanding.model_validate({"name": "s3cret"})


@workflow.defn(name="PatientWorkflow", sandboxed=False)
class DemandingMore:
    """Its own request wants more."""

    @workflow.run
    async def run(self, _: Demanding) -> None:
        """Nothing."""


async def verdict(workflow_class: type) -> Verdict:
    """Of the recorded history, held to this workflow."""
    rehearsal = Rehearsal([workflow_class], data_converter=kuflow_data_converter)
    (found,) = [each async for each in rehearsal.replay(read_files([PATIENT]))]
    return found


def line_of(workflow_class: type, text: str) -> str:
    """Where this stands in the workflow's code."""
    lines, first = inspect.getsourcelines(workflow_class)
    return f"{__file__}:{first + next(number for number, each in enumerate(lines) if text in each)}"


async def test_a_bug_is_told_with_type_text_and_line() -> None:
    """Of the workflow's own code, not of Temporal's around it."""
    found = await verdict(Raising)

    assert found.broken == f"the workflow raised KeyError: 'days' ({line_of(Raising, 'raise')})"


async def test_a_workflow_that_gives_up_is_told_with_its_causes() -> None:
    """Beside what Temporal says of the step."""
    found = await verdict(Failing)
    where = line_of(Failing, "raise ApplicationError")

    assert found.broken is not None
    assert "Nondeterminism error" in found.broken
    assert found.broken.endswith(f"; the workflow raised NoDays: no days, from KeyError: 'days' ({where})")


async def test_data_that_does_not_fit_is_told_without_the_data() -> None:
    """Which field of which model, and where."""
    found = await verdict(Validating)

    assert found.broken == (
        "the workflow raised ValidationError: 1 validation error for Demanding; days: Field required [type=missing] "
        f"({line_of(Validating, 'model_validate')})"
    )


async def test_a_record_that_cannot_be_read_is_told_with_its_cause() -> None:
    """The field that is missing, and nothing of what the process holds."""
    found = await verdict(DemandingMore)

    assert found.broken == (
        "what was recorded cannot be read: "
        "ValidationError: 1 validation error for Demanding; days: Field required [type=missing]"
    )


UNDECODED = f"""  File "{temporalio.__path__[0]}/worker/_workflow_instance.py", line 1, in _convert_payloads
    raise RuntimeError("Failed decoding arguments") from err
"""


def failure_of(kind: str, message: str, *, encoded: bool = False, stack_trace: str = "") -> Failure:
    """As a failure converter makes it."""
    failure = Failure(message=message, stack_trace=stack_trace)
    failure.application_failure_info.type = kind
    if encoded:
        data = json.dumps({"message": message, "stack_trace": stack_trace}).encode()
        failure.encoded_attributes.CopyFrom(Payload(metadata={"encoding": b"json/plain"}, data=data))
        failure.message, failure.stack_trace = "Encoded failure", ""
    return failure


def sealed(error: Exception) -> Failure:
    """As our failure converter makes it in a confidential run."""
    converter = encrypting(KuFlowPayloadConverter)()
    bind(converter, KEY_ID)
    with pytest.raises(type(error)) as caught:
        raise error
    failure = Failure()
    sealing(DefaultFailureConverter, messages=True)().to_failure(caught.value, converter, failure)
    return failure


def test_the_text_of_a_confidential_run_is_not_told() -> None:
    """Type and place are; so is the text that says which fields were unreadable."""
    secret, unreadable = sealed(ValueError("s3cret")), sealed(UnreadableContentError("cannot be read as Loan"))
    place = re.escape(__file__) + r":\d+"

    assert re.fullmatch(rf"the workflow raised ValueError, whose text is encrypted \({place}\)", raised(secret, None))
    assert raised(unreadable, None).startswith("the workflow raised UnreadableContentError: cannot be read as Loan (")


def test_a_confidential_record_that_cannot_be_read_is_told_with_its_cause() -> None:
    """Temporal's words around it are encrypted, too."""
    failure = failure_of("RuntimeError", "Failed decoding arguments", encoded=True, stack_trace=UNDECODED)
    failure.cause.CopyFrom(failure_of("UnreadableContentError", "not a Loan", encoded=True))

    assert raised(failure, None) == "what was recorded cannot be read: UnreadableContentError: not a Loan"


def test_a_failure_that_was_encrypted_before_is_told_too() -> None:
    """By its type: it is that of another run."""
    failure = failure_of("ValueError", "s3cret", encoded=True)
    failure.encoded_attributes.data = b"\x00\xff"

    assert raised(failure, None) == "the workflow raised ValueError, whose text is encrypted"


def test_a_long_text_is_cut_and_stays_in_one_line() -> None:
    """Nobody needs all of it."""
    said = raised(failure_of("ValueError", "a\nb " * 1000), None)

    assert said.startswith("the workflow raised ValueError: a b a b")
    assert len(said) < MOST_TEXT + 50


def test_a_secret_is_hidden_before_the_text_is_cut() -> None:
    """Half of one would not be recognised."""
    text = "x" * (MOST_TEXT - 3) + "s3cret"
    said = raised(failure_of("ValueError", text), None, lambda each: each.replace("s3cret", "***"))

    assert said.endswith("xxx***")


def test_the_place_is_in_the_users_package_where_it_is_installed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """In an image it lies beside what is not his."""
    site = Path(pytest.__file__).parents[1]
    package = types.ModuleType("acme_replayed")
    package.__path__ = [str(site / "acme_replayed")]
    monkeypatch.setitem(sys.modules, "acme_replayed", package)
    own = type("Loan", (), {"__module__": "acme_replayed.loans"})
    files = [site / "acme_replayed" / "loans.py", site / "requests" / "api.py"]
    trace = "".join(f'  File "{file}", line {number}, in run\n' for number, file in enumerate(files, 1))
    failure = failure_of("ValueError", "", stack_trace=trace)

    assert raised(failure, own) == f"the workflow raised ValueError ({files[0]}:1)"
    assert raised(failure, None) == "the workflow raised ValueError"
