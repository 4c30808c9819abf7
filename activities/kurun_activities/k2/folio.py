"""The business key in a K2 workflow's folio, by which a start that was interrupted is found again.

K2 has no idempotency key, and its folios need not be unique. So a key of ours ends every folio that we send:
``Loan 4711 [kuflow:5f0c…]``. Safe to import in a workflow.
"""

import re
from typing import Annotated, Final

from pydantic import StringConstraints

MAX_FOLIO: Final = 256
"""Most characters of a folio. K2 documents no limit; a folio that it cut would lose its key."""

KEY_FORM: Final = r"[A-Za-z0-9._:-]{1,100}"
"""What a key may hold. It appears in a filter of the K2 Services too, where ``%`` would be a wildcard."""

BusinessKey = Annotated[str, StringConstraints(pattern=f"^{KEY_FORM}$")]

_KEY: Final = re.compile(rf"\[kuflow:({KEY_FORM})\]")
_CUT: Final = "…"


def with_key(folio: str | None, key: str) -> str:
    """The folio with the key at its end, once; the text before it is cut where all would be too long.

    Raises:
        ValueError: The key has characters that keys must not have, or is longer than 100.
    """
    if re.fullmatch(KEY_FORM, key) is None:
        raise ValueError("a business key has 1 to 100 letters, digits and . _ : -")
    text = (folio or "").rstrip()
    if key_of(text) == key and len(text) <= MAX_FOLIO:
        return text
    ending = f"[kuflow:{key}]"
    room = MAX_FOLIO - len(ending) - 1
    if len(text) > room:
        text = text[: room - len(_CUT)].rstrip() + _CUT
    return f"{text} {ending}" if text else ending


def key_of(folio: str | None) -> str | None:
    """The key in a folio, or ``None`` if it has none; of several the last, as a K2 workflow may add text of its own."""
    found = _KEY.findall(folio or "")
    return str(found[-1]) if found else None


def search_text(key: str) -> str:
    """What a search for a key looks for: ``[`` has a meaning of its own in patterns of K2's database."""
    return f"kuflow:{key}"
