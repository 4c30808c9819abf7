"""Single values of K2's XML: as they are read, leniently, and as they are written."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

ASSUMED_ZONE: Final = UTC
"""Zone of a moment that names none; K2 does not say which one it means."""

FieldValue = str | bool | int | float | Decimal | datetime | date
"""What a data field can be set to."""

_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")


def read_moment(text: str) -> datetime:
    """An ``xsd:dateTime``; one without a zone is in :data:`ASSUMED_ZONE`.

    Raises:
        ValueError: It is none, or outside the years 1 to 9999.
    """
    if not _DATE_TIME.fullmatch(text):
        raise ValueError("no xsd:dateTime")
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=ASSUMED_ZONE) if moment.tzinfo is None else moment


def printed_moment(moment: datetime) -> str:
    """A moment as ``xsd:dateTime`` in UTC; one without a zone is in :data:`ASSUMED_ZONE`."""
    aware = moment.replace(tzinfo=ASSUMED_ZONE) if moment.tzinfo is None else moment
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def printed(value: FieldValue) -> str:
    """A value as the text of an element: the forms of XML Schema."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return printed_moment(value)
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)


def _present(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return value.strip() or None


def _moment(value: Any) -> Any:
    value = _present(value)
    return read_moment(value) if isinstance(value, str) else value


Whole = Annotated[int | None, BeforeValidator(_present)]
"""A number, or ``None`` where K2 leaves it out or empty."""

Flag = Annotated[bool | None, BeforeValidator(_present)]
"""A truth value, or ``None`` where K2 leaves it out or empty."""

Moment = Annotated[datetime | None, BeforeValidator(_moment)]
"""A moment with its zone, or ``None`` where K2 leaves it out or empty."""
