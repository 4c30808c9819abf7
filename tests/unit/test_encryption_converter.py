"""Marking: which payloads are to be encrypted, failures included, and that no content escapes through an error."""

import copyreg
import pickle
from collections.abc import Iterator

import pytest
from pydantic import BaseModel
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
    PayloadConverter,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, RetryState

from kurun_worker.converter import KuFlowPayloadConverter, kuflow_data_converter
from kurun_worker.encryption import (
    MalformedCiphertextError,
    NotEncryptingError,
    UnreadableContentError,
    confidential,
    with_encryption,
)
from kurun_worker.encryption.converter import ForEveryone, bind, encrypting, key_of
from kurun_worker.encryption.errors import InvalidHeadersError
from kurun_worker.encryption.marks import key_in, mark_of, with_key
from tests.kms_keys import keyring

KEY_ID = "the-key"
WORKFLOW = WorkflowSerializationContext(namespace="n", workflow_id="w")
ACTIVITY = ActivitySerializationContext(
    namespace="n",
    workflow_id="w",
    workflow_type="W",
    activity_type="A",
    activity_id="1",
    activity_task_queue="q",
    is_local=False,
)
SECRET = "hunter2-hunter2"


def converter(existing: DataConverter = kuflow_data_converter, *, failure_messages: bool = True) -> DataConverter:
    """A data converter with encryption."""
    return with_encryption(existing, keyring({}), failure_messages=failure_messages)


def run_of(key_id: str | None, *, failure_messages: bool = True) -> DataConverter:
    """The converter of a run with this key."""
    run = converter(failure_messages=failure_messages).with_context(WORKFLOW)
    if key_id is not None:
        bind(run.payload_converter, key_id)
    return run


def marks(converter: PayloadConverter, *values: object) -> set[str | None]:
    """What the payloads of these values are marked with."""
    return {mark_of(each) for each in converter.to_payloads(values)}


def test_a_bound_converter_marks_everything() -> None:
    """Whatever its type."""
    run = run_of(KEY_ID).payload_converter

    assert marks(run, None, b"raw", "text", {"a": 1}) == {KEY_ID}
    assert key_of(run) == KEY_ID


def test_contexts_within_a_run_share_its_key() -> None:
    """A workflow writes for activities and children with converters of their own."""
    whole = encrypting(KuFlowPayloadConverter)()
    bind(whole.with_context(WORKFLOW), KEY_ID)

    assert marks(whole.with_context(ACTIVITY), 1) == {KEY_ID}
    assert marks(whole.with_context(WORKFLOW), 1) == {KEY_ID}


def test_an_activity_does_not_bind_the_worker() -> None:
    """Its worker executes those of other runs at the same time."""
    worker = converter()
    first, second = worker.with_context(ACTIVITY), worker.with_context(ACTIVITY)
    bind(first.payload_converter, KEY_ID)

    assert marks(first.payload_converter, 1) == {KEY_ID}
    assert marks(second.payload_converter, 1) == {None}
    assert marks(worker.payload_converter, 1) == {None}


def test_what_is_for_everyone_is_not_marked() -> None:
    """Temporal's web page reads it."""
    assert marks(run_of(KEY_ID).payload_converter, ForEveryone("stack")) == {None}


@pytest.mark.parametrize("foreign", [DefaultPayloadConverter, KuFlowPayloadConverter])
def test_a_run_that_cannot_be_kept_confidential_does_not_begin(foreign: type[PayloadConverter]) -> None:
    """A worker on a client without our converter would write clear text."""
    with pytest.raises(NotEncryptingError):
        bind(DataConverter(payload_converter_class=foreign).payload_converter, KEY_ID)


def test_the_converter_class_of_the_caller_stays_inside() -> None:
    """Once, however often it is wrapped."""
    wrapped = encrypting(KuFlowPayloadConverter)

    assert wrapped.inner_class is KuFlowPayloadConverter
    assert encrypting(wrapped) is wrapped is encrypting(KuFlowPayloadConverter)
    assert with_encryption(converter(), keyring({})).payload_converter_class is wrapped


def test_the_converter_class_travels_to_other_processes() -> None:
    """Activities that run in a process pool get the class, not an object."""
    assert pickle.loads(pickle.dumps(encrypting(KuFlowPayloadConverter))) is encrypting(KuFlowPayloadConverter)  # noqa: S301
    assert type(encrypting(KuFlowPayloadConverter)) in copyreg.dispatch_table


class Account(BaseModel):
    """A model of somebody's."""

    iban: int


def test_decrypted_content_does_not_escape_through_an_error() -> None:
    """Pydantic quotes what it was given, and Temporal writes errors into the history."""
    run = converter().payload_converter
    with confidential(KEY_ID):
        payload = run.to_payload({"iban": SECRET})

    with pytest.raises(UnreadableContentError) as caught:
        run.from_payload(payload, Account)

    assert str(caught.value) == "decrypted content cannot be read as Account: ValidationError at iban (int_parsing)"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_errors_of_open_content_stay_as_they_are() -> None:
    """They help to find the mistake."""
    run = converter().payload_converter

    with pytest.raises(ValueError, match=SECRET):
        run.from_payload(run.to_payload({"iban": SECRET}), Account)


def chain(failure: Failure) -> Iterator[Failure]:
    """A failure and its causes."""
    yield failure
    if failure.HasField("cause"):
        yield from chain(failure.cause)


def failing() -> BaseException:
    """An error with details, a cause that is no failure, and a cause of that."""
    error = ApplicationError(f"{SECRET} 1", {"detail": SECRET}, type="Kind", non_retryable=True)
    error.__cause__ = ValueError(f"{SECRET} 2")
    error.__cause__.__cause__ = CancelledError(f"{SECRET} 3", f"{SECRET} detail")
    return error


def failure_of(run: DataConverter, error: BaseException) -> Failure:
    """The failure that a run writes, before its codec."""
    failure = Failure()
    run.failure_converter.to_failure(error, run.payload_converter, failure)
    return failure


def in_clear(failure: Failure) -> str:
    """What would stand in the history in clear text: everything but marked payloads."""
    copy = Failure()
    copy.CopyFrom(failure)
    for each in chain(copy):
        for info in (each.application_failure_info, each.canceled_failure_info):
            if info.details.payloads:
                kept = [payload for payload in info.details.payloads if mark_of(payload) is None]
                info.details.CopyFrom(Payloads(payloads=kept))
        if mark_of(each.encoded_attributes):
            each.ClearField("encoded_attributes")
    return str(copy)


def test_a_failure_says_nothing_but_its_kind() -> None:
    """Messages, stack traces and details are encrypted along the whole chain; retrying still knows the type."""
    failure = failure_of(run_of(KEY_ID), failing())

    assert [each.message for each in chain(failure)] == ["Encoded failure"] * 3
    assert SECRET not in in_clear(failure)
    assert failure.application_failure_info.type == "Kind"
    assert failure.application_failure_info.non_retryable


def test_a_failure_is_read_as_it_was_written() -> None:
    """By us; the Java and TypeScript SDKs read the same attributes."""
    run = run_of(KEY_ID)
    read = run.failure_converter.from_failure(failure_of(run, failing()), run.payload_converter)

    assert isinstance(read, ApplicationError)
    assert (read.message, read.details) == (f"{SECRET} 1", ({"detail": SECRET},))
    assert isinstance(read.__cause__, ApplicationError)
    assert read.__cause__.message == f"{SECRET} 2"
    attributes = failure_of(run, failing()).encoded_attributes
    assert set(PayloadConverter.default.from_payload(attributes, dict)) == {"message", "stack_trace"}


def test_messages_may_stay_open_but_details_do_not() -> None:
    """The setting for those who want to see messages in Temporal's web page."""
    failure = failure_of(run_of(KEY_ID, failure_messages=False), failing())

    assert [each.message for each in chain(failure)] == [f"{SECRET} {number}" for number in (1, 2, 3)]
    assert f"{SECRET} detail" not in in_clear(failure)


def test_failures_of_other_runs_stay_as_they_are() -> None:
    """Byte for byte."""
    error = failing()

    assert failure_of(run_of(None), error) == failure_of(kuflow_data_converter, error)


def passed_on(failure: Failure, run: DataConverter) -> Failure:
    """What a workflow writes that lets an activity's failure pass."""
    error = ActivityError(
        "Activity task failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="i",
        activity_type="a",
        activity_id="1",
        retry_state=RetryState.MAXIMUM_ATTEMPTS_REACHED,
    )
    error.__cause__ = run.failure_converter.from_failure(failure, run.payload_converter)
    return failure_of(run, error)


@pytest.mark.parametrize("key_id", [KEY_ID, None, "another-key"])
def test_a_failure_that_is_passed_on_is_encrypted_again(key_id: str | None) -> None:
    """Reading puts the message back in clear text, and Temporal passes on what it has read; even to an open parent."""
    passed = passed_on(failure_of(run_of(KEY_ID), failing()), run_of(key_id))

    assert SECRET not in in_clear(passed)


def test_an_open_failure_is_encrypted_where_it_enters_a_confidential_run() -> None:
    """An activity served by an SDK that does not encrypt failures."""
    passed = passed_on(failure_of(run_of(None), failing()), run_of(KEY_ID))

    assert SECRET not in in_clear(passed)


def test_a_failure_converter_of_the_caller_stays_inside() -> None:
    """One that encodes messages for his own codec is not encoded twice."""
    existing = DataConverter(failure_converter_class=DefaultFailureConverterWithEncodedAttributes)
    run = converter(existing).with_context(WORKFLOW)
    open_failure = failure_of(run, failing())
    bind(run.payload_converter, KEY_ID)
    failure = failure_of(run, failing())

    assert open_failure.message == "Encoded failure"
    assert mark_of(open_failure.encoded_attributes) is None
    assert SECRET not in in_clear(failure)
    read = DefaultFailureConverter().from_failure(failure, run.payload_converter)
    assert isinstance(read, ApplicationError)
    assert read.message == f"{SECRET} 1"


def header(value: object) -> Payload:
    """A header as Temporal's default converter writes it."""
    return PayloadConverter.default.to_payload(value)


def test_headers_are_those_of_the_other_sdks() -> None:
    """The Java SDK compares the bytes of the payload."""
    headers = with_key({"other": header(1)}, KEY_ID)

    assert headers == {
        "other": header(1),
        "x-kuflow-encoding": Payload(metadata={"encoding": b"json/plain"}, data=b'"binary/encrypted?vendor=KuFlow"'),
        "x-kuflow-encoding-encrypted-key-id": Payload(metadata={"encoding": b"json/plain"}, data=b'"the-key"'),
    }
    assert key_in(headers) == KEY_ID


@pytest.mark.parametrize("encoding", [None, "binary/encrypted", "BINARY/ENCRYPTED?VENDOR=KUFLOW", 1])
def test_only_kuflows_encoding_makes_a_run_confidential(encoding: object) -> None:
    """Another value belongs to somebody else."""
    headers = {"x-kuflow-encoding": header(encoding), "x-kuflow-encoding-encrypted-key-id": header(KEY_ID)}

    assert key_in(headers) is None
    assert key_in({}) is None


@pytest.mark.parametrize("key_id", [None, "", 7, ["k"], "k" * 256])
def test_headers_without_a_key_are_refused(key_id: object) -> None:
    """Going on would write clear text."""
    headers = with_key(None, KEY_ID) | {"x-kuflow-encoding-encrypted-key-id": header(key_id)}

    with pytest.raises(InvalidHeadersError, match="names no key"):
        key_in(headers)
    del headers["x-kuflow-encoding-encrypted-key-id"]
    with pytest.raises(InvalidHeadersError, match="names no key"):
        key_in(headers)


def test_headers_that_cannot_be_read_are_refused() -> None:
    """A codec of somebody's has encoded them: they might say confidential."""
    headers = {"x-kuflow-encoding": Payload(metadata={"encoding": b"binary/zlib"}, data=b"x")}

    with pytest.raises(InvalidHeadersError, match="cannot be read"):
        key_in(headers)


def test_a_mark_that_is_no_text_is_refused() -> None:
    """Metadata comes from outside."""
    with pytest.raises(MalformedCiphertextError):
        mark_of(Payload(metadata={"encoding-encrypted-key-id": b"\xff"}))
