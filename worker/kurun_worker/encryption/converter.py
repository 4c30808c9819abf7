"""Marks what a confidential run writes. Safe inside the workflow sandbox: marking needs no key and no I/O.

A payload converter belongs to a client, to one workflow run, or to one execution of an activity. An interceptor tells
it the key of its run (:func:`bind`) when the run begins; from then on each payload that it makes is marked: arguments,
results, details of heartbeats and failures, memo, summaries. A client's converter follows
:func:`~kurun_worker.encryption.scope.confidential`.

Temporal's SDK wraps converters and hands them on in its own classes, so what is said to ours travels as a value.
"""

import copyreg
from abc import ABCMeta
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Self, cast

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    DefaultPayloadConverter,
    PayloadConverter,
    SerializationContext,
    WithSerializationContext,
)
from temporalio.exceptions import FailureError

from kurun_worker.encryption.errors import NotEncryptingError, UnreadableContentError
from kurun_worker.encryption.marks import mark_of, marked
from kurun_worker.encryption.scope import key_in_scope

MAX_REASONS = 20


class ForEveryone:
    """A value that is written in clear text even in a confidential run, because nobody could decrypt it."""

    def __init__(self, value: Any) -> None:
        self.value = value


def bind(converter: PayloadConverter, key_id: str) -> None:
    """Let a run's payload converter mark everything from now on.

    Raises:
        NotEncryptingError: It is no converter of ours; the run must not go on.
    """
    try:
        answer = converter.to_payloads([_Bind(key_id)])
    except Exception:  # somebody else's converter may refuse in any way
        answer = [Payload()]
    if answer:
        raise NotEncryptingError("the run is confidential, but the client's data converter does not encrypt")


def key_of(converter: PayloadConverter) -> str | None:
    """The key that a payload converter marks with."""
    (answer,) = converter.to_payloads([_WhichKey()])
    return mark_of(answer)


@dataclass(frozen=True)
class _Bind:
    key_id: str


class _WhichKey:
    pass


class _Run:
    """What all converters of one run share."""

    key_id: str | None = None


class _Made(ABCMeta):
    """The kind of classes that are made at run time, and nevertheless travel to an activity's process."""


class EncryptingPayloadConverter(PayloadConverter, WithSerializationContext, metaclass=_Made):
    """Marks what another converter makes. Use :func:`encrypting`."""

    inner_class: ClassVar[type[PayloadConverter]] = DefaultPayloadConverter

    def __init__(self) -> None:
        self._inner = self.inner_class()
        self._run = _Run()

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        """See base class."""
        match values:
            case [_Bind(key_id=key_id)]:
                self._run.key_id = key_id
                return []
            case [_WhichKey()]:
                return self._marked([Payload()])
            case [ForEveryone(value=value)]:
                return self._inner.to_payloads([value])
        return self._marked(self._inner.to_payloads(values))

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """See base class.

        Raises:
            UnreadableContentError: In place of an error that would carry decrypted content into the history.
        """
        try:
            return self._inner.from_payloads(payloads, type_hints)
        except FailureError:
            raise
        except Exception as error:
            if not any(mark_of(each) for each in payloads):
                raise
            raise UnreadableContentError(_described(error, type_hints)) from None

    def with_context(self, context: SerializationContext) -> Self:
        """See base class; an activity's execution becomes a run of its own."""
        inner = self._inner
        if isinstance(inner, WithSerializationContext):
            inner = inner.with_context(context)
        begins = isinstance(context, ActivitySerializationContext) and self._run.key_id is None
        if inner is self._inner and not begins:
            return self
        other = copy(self)
        other._inner = inner  # noqa: SLF001 - of the same class
        other._run = _Run() if begins else self._run  # noqa: SLF001
        return other

    def _marked(self, payloads: list[Payload]) -> list[Payload]:
        key_id = self._run.key_id or key_in_scope()
        return payloads if key_id is None else [marked(each, key_id) for each in payloads]


@cache
def encrypting(converter_class: type[PayloadConverter]) -> type[EncryptingPayloadConverter]:
    """The payload converter class, marking what it makes; Temporal wants a class without arguments."""
    if issubclass(converter_class, EncryptingPayloadConverter):
        return converter_class
    name = f"Encrypting{converter_class.__name__}"
    attributes = {"inner_class": converter_class, "__module__": __name__}
    return cast("type[EncryptingPayloadConverter]", _Made(name, (EncryptingPayloadConverter,), attributes))


def _remade(converter_class: type[EncryptingPayloadConverter]) -> tuple[Any, ...]:
    return encrypting, (converter_class.inner_class,)


copyreg.pickle(_Made, _remade)  # type: ignore[arg-type]  # a class is what this metaclass makes


def _described(error: Exception, type_hints: list[type] | None) -> str:
    expected = ", ".join(getattr(hint, "__name__", str(hint)) for hint in type_hints or ()) or "any type"
    message = f"decrypted content cannot be read as {expected}: {type(error).__name__}"
    if isinstance(error, ValidationError):
        found = error.errors(include_input=False, include_url=False, include_context=False)
        places = [f"{'.'.join(map(str, each['loc']))} ({each['type']})" for each in found[:MAX_REASONS]]
        message += f" at {', '.join(places)}"
    return message
