"""Versions as manifests write them, held against those that are there."""

import re
from typing import Final

_WRITTEN: Final = re.compile(r"v?(\d+(?:\.\d+)*)((?:a|b|rc)\d+)?")


def is_exactly(wanted: str, version: str) -> bool:
    """Whether a version is the wanted one: as far as that is written out."""
    return _within(wanted, version, places=3)


def is_near(wanted: str, version: str, *, places: int) -> bool:
    """Whether a version agrees with the wanted one in its first places: 2 for Python, 1 for Node.js."""
    return _within(wanted, version, places=places)


def _within(wanted: str, version: str, *, places: int) -> bool:
    wish, has = _WRITTEN.fullmatch(wanted), _WRITTEN.fullmatch(version)
    if wish is None or has is None:
        return False
    numbers = wish[1].split(".")[:places]
    agrees = [int(number) for number in numbers] == [int(number) for number in has[1].split(".")[: len(numbers)]]
    return agrees and (wish[2] == has[2] if places == 3 and wish[2] else has[2] is None)
