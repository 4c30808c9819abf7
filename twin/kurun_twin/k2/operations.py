"""What an operation of K2's APIs is called, for counting."""

import re
from dataclasses import dataclass
from typing import Protocol


class Named(Protocol):
    """An operation that requests can be counted under."""

    @property
    def name(self) -> str:
        """What it is counted as."""
        ...

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is for this operation."""
        ...


@dataclass(frozen=True)
class NamedRequest:
    """An operation known by its method and a pattern of its whole path."""

    name: str
    method: str
    expression: re.Pattern[str]

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is for this operation."""
        return method == self.method and self.expression.fullmatch(path) is not None
