"""Values in service paths."""

import re
from typing import Final

_SEQUENCE: Final = re.compile("_([USBC])_")
_MEANING: Final = {"U": "_", "S": "/", "B": "\\", "C": ":"}


def path_value(text: str) -> str:
    r"""A value in parentheses: ``_U_``, ``_S_``, ``_B_`` and ``_C_`` stand for ``_``, ``/``, ``\`` and ``:``."""
    return _SEQUENCE.sub(lambda found: _MEANING[found.group(1)], text)
