"""Single values that are read leniently and written as they came."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import SerializerFunctionWrapHandler, ValidatorFunctionWrapHandler, WrapSerializer, WrapValidator

from kurun_clients.growing import Growing

__all__ = ["Growing", "Moment"]


class _WireMoment(datetime):
    """A moment whose text says more than a datetime keeps, or says it in another way."""

    text: str | None = None  # as it was read; a moment computed from this one has none


def _read_moment(value: Any, handler: ValidatorFunctionWrapHandler) -> datetime:
    moment: datetime = handler(value)
    if not isinstance(value, str) or value == moment.isoformat().replace("+00:00", "Z"):
        return moment
    read = _WireMoment.combine(moment.date(), moment.timetz())
    read.text = value
    return read


def _write_moment(value: Any, handler: SerializerFunctionWrapHandler) -> Any:
    text = value.text if isinstance(value, _WireMoment) else None
    return handler(value) if text is None else text


Moment = Annotated[
    datetime, WrapValidator(_read_moment), WrapSerializer(_write_moment, return_type=str, when_used="json-unless-none")
]
"""A moment in ISO 8601; nanoseconds, which Python does not know, are written again as they were read."""
