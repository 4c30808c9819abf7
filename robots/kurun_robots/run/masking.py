"""Hiding secrets in what a robot writes."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import quote

MASK = "**********"
SHORTEST = 4
SHORTEST_PART = 8

# What terminals obey, and what has no place in a line; the tab stays.
_CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|[\x00-\x08\x0a-\x1f\x7f-\x9f]")


_FLAGS = frozenset({"true", "false", "none", "null"})


def worth_hiding(values: Iterable[str]) -> list[str]:
    """The values of variables that may be secrets: a switch is none, and its words are everywhere."""
    return [value for value in values if value.strip().lower() not in _FLAGS]


class Masker:
    """Replaces secrets by asterisks.

    A secret is also found as JSON and URLs write it, and one of several lines line by line.

    Args:
        secrets: Values to hide; those of less than four characters are not hidden.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        found = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST}
        self._secrets = sorted(found, key=len, reverse=True)
        self._any = re.compile("|".join(re.escape(secret) for secret in self._secrets)) if found else None
        self.longest = max((len(secret.encode()) for secret in found), default=0)

    def mask(self, text: str, longest: int) -> str:
        """Replace secrets, and cut the text to ``longest`` characters, but none within a secret."""
        if self._any is None or not self._any.search(text):
            return text[:longest]
        result, end = [], 0
        for start, stop in self._places(text):
            if start >= longest:
                break
            result += [text[end:start], MASK]
            end = stop
        return "".join((*result, text[end:longest]))

    def _places(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand; those that overlap count as one."""
        merged: list[tuple[int, int]] = []
        for start, stop in sorted(_occurrences(text, self._secrets)):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
            else:
                merged.append((start, stop))
        return merged


def printable(text: str) -> str:
    """A line as a terminal would show it in the end: without its commands, and what a progress bar wrote last."""
    return _CONTROLS.sub("", text.rstrip("\r").rpartition("\r")[2])


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, secret.strip(), quote(secret, safe=""), json.dumps(secret)[1:-1])
    parts = (line.strip() for line in secret.splitlines())
    yield from (part for part in parts if len(part) >= SHORTEST_PART)


def _occurrences(text: str, secrets: list[str]) -> Iterator[tuple[int, int]]:
    for secret in secrets:
        start = text.find(secret)
        while start >= 0:
            yield start, start + len(secret)
            start = text.find(secret, start + 1)
