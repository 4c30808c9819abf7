"""How serious a line of a robot's output is."""

import re
from typing import Final

from kurun_clients.kuflow.models import ProcessItemTaskLogLevel as Level

_BEGINNING: Final = re.compile(
    r"[\s\d\-:.,/TZ+|(\[]*(?:(CRITICAL|FATAL|ERROR)|(WARN|WARNING)|(INFO|DEBUG|TRACE)"
    r"|(Traceback \(most)|(Exception Group Traceback))\b"
)
_RAISED: Final = re.compile(r"[A-Za-z_][\w.]*(?::|$)")
_CHAINED: Final = re.compile(r"During handling of the above exception|The above exception was the direct cause")


class Levels:
    """Tells levels line by line, by the word that a line begins with.

    A line that is indented or empty belongs to the line before, and the error that a traceback ends with to the
    traceback.
    """

    def __init__(self) -> None:
        self._before = Level.INFO
        self._in_traceback = False

    def of(self, text: str) -> Level:
        """The level of the next line."""
        found = _BEGINNING.match(text)
        error, warning, _, traceback, group = found.groups() if found else (None,) * 5
        if found is None and (not text.strip() or text[0] in " \t"):
            return self._before
        if found is None:
            error = (self._in_traceback and _RAISED.match(text)) or _CHAINED.match(text)
        self._in_traceback = traceback is not None
        self._before = Level.ERROR if error or traceback or group else Level.WARN if warning else Level.INFO
        return self._before
