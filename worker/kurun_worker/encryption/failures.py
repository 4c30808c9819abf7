"""Failures of a confidential run: their details, messages and stack traces. Safe inside the workflow sandbox.

Message and stack trace move into a failure's encoded attributes, Temporal's own place for it. The Java and TypeScript
SDKs read them there without being told to; they do not write them there.
"""

from collections.abc import Iterator
from functools import cache
from typing import ClassVar, Self

from temporalio.api.common.v1 import Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.converter import (
    DefaultFailureConverter,
    FailureConverter,
    PayloadConverter,
    SerializationContext,
    WithSerializationContext,
)

from kurun_worker.encryption.converter import key_of
from kurun_worker.encryption.marks import mark_of, marked

PLACEHOLDER = "Encoded failure"
"""What every SDK of Temporal's puts in the place of an encoded message."""


class EncryptingFailureConverter(FailureConverter, WithSerializationContext):
    """Seals what another failure converter makes. Use :func:`sealing`."""

    inner_class: ClassVar[type[FailureConverter]] = DefaultFailureConverter
    messages: ClassVar[bool] = True

    def __init__(self) -> None:
        self._inner = self.inner_class()

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """See base class."""
        self._inner.to_failure(exception, payload_converter, failure)
        key_id = key_of(payload_converter)
        for each in _chain(failure):
            if key_id is not None:
                _mark_details(each, key_id)
                if self.messages and not each.HasField("encoded_attributes"):
                    _move_message(each, payload_converter)
            if each.HasField("encoded_attributes") and mark_of(each.encoded_attributes):
                # Reading a failure puts its message back in clear text; it may be that of another, confidential run.
                each.message, each.stack_trace = PLACEHOLDER, ""

    def from_failure(self, failure: Failure, payload_converter: PayloadConverter) -> BaseException:
        """See base class."""
        return self._inner.from_failure(failure, payload_converter)

    def with_context(self, context: SerializationContext) -> Self:
        """See base class."""
        if not isinstance(self._inner, WithSerializationContext):
            return self
        other = type(self)()
        other._inner = self._inner.with_context(context)  # noqa: SLF001 - of the same class
        return other


@cache
def sealing(converter_class: type[FailureConverter], *, messages: bool) -> type[EncryptingFailureConverter]:
    """The failure converter class, sealing failures of confidential runs; Temporal wants a class without arguments.

    Args:
        converter_class: The caller's.
        messages: Whether messages and stack traces are encrypted, not details alone.
    """
    if issubclass(converter_class, EncryptingFailureConverter):
        return converter_class
    attributes = {"inner_class": converter_class, "messages": messages, "__module__": __name__}
    return type(f"Encrypting{converter_class.__name__}", (EncryptingFailureConverter,), attributes)


def _chain(failure: Failure) -> Iterator[Failure]:
    yield failure
    while failure.HasField("cause"):
        failure = failure.cause
        yield failure


def _move_message(failure: Failure, payload_converter: PayloadConverter) -> None:
    attributes = {"message": failure.message, "stack_trace": failure.stack_trace}
    failure.encoded_attributes.CopyFrom(payload_converter.to_payload(attributes))


def _mark_details(failure: Failure, key_id: str) -> None:
    for details in _details(failure):
        for payload in details.payloads:
            payload.CopyFrom(marked(payload, key_id))
    if failure.HasField("encoded_attributes"):
        failure.encoded_attributes.CopyFrom(marked(failure.encoded_attributes, key_id))


def _details(failure: Failure) -> Iterator[Payloads]:
    match failure.WhichOneof("failure_info"):
        case "application_failure_info":
            yield failure.application_failure_info.details
        case "canceled_failure_info":
            yield failure.canceled_failure_info.details
        case "timeout_failure_info":
            yield failure.timeout_failure_info.last_heartbeat_details
        case "reset_workflow_failure_info":
            yield failure.reset_workflow_failure_info.last_heartbeat_details
        case _:
            return
