"""Telling those who wait for an environment how far it is."""

from collections.abc import Callable

Report = Callable[[str], None]
"""Gets one line at a time, without its end."""


def silent(_line: str) -> None:
    """Report to nobody."""
