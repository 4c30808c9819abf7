"""Time as the database keeps it and as the API writes it."""

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds() -> int:
    """Now, in microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def wire_time(moment: int) -> str:
    """Microseconds since 1970 UTC as the API writes them: ISO 8601 with ``Z``."""
    return (_EPOCH + timedelta(microseconds=moment)).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
