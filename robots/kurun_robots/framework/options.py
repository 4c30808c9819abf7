"""The options that a request may set, and what they may hold.

They select tests, name them and say how they run. What loads code by its name (listeners, modifiers, parsers,
consoles), what names files to write, and argument files are not among them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from kurun_robots.errors import PackageInvalid
from kurun_robots.framework.paths import inside
from kurun_robots.run.masking import worth_hiding

FLAGS: Final = frozenset(
    {"dryrun", "exitonerror", "exitonfailure", "rpa", "runemptysuite", "skipteardownonexit", "statusrc"}
)
"""On or off."""
SINGLE: Final = frozenset({"doc", "extension", "loglevel", "name", "randomize"})
"""Of one text."""
MULTIPLE: Final = frozenset(
    {"exclude", "include", "language", "metadata", "settag", "skip", "skiponfailure", "suite", "task", "test"}
)
"""Of one text or several."""
PATHS: Final = frozenset({"pythonpath", "variablefile"})
"""Of paths within the folder of suites; a variable file's arguments stand behind it, after a colon or a semicolon."""
VARIABLE: Final = "variable"
ALLOWED: Final = FLAGS | SINGLE | MULTIPLE | PATHS | {VARIABLE}

_LANGUAGE: Final = frozenset("abcdefghijklmnopqrstuvwxyz- ")
_SHOWN: Final = 100


def checked_options(given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What Robot Framework gets of the options, with the names and kinds of its ``robot.run``. Blocking.

    Args:
        given: Options by name; those without a value count as not given.
        folder: Folder of suites.

    Raises:
        PackageInvalid: One is not allowed, or its value is none for it. Values are never in the message.
    """
    return {name: _checked(name, value, folder) for name, value in given.items() if value is not None}


def checked_variables(name: str, given: Sequence[str]) -> list[str]:
    """Variables as ``NAME:VALUE``.

    Args:
        name: Where they stand in the request.
        given: The variables.

    Raises:
        PackageInvalid: One is something else. Values are never in the message.
    """
    for index, each in enumerate(given):
        key, colon, _ = each.partition(":")
        if not key.strip() or not colon:
            raise PackageInvalid(f"{name}: entry {index} is not NAME:VALUE")
    return list(given)


def secret_values(variables: Sequence[str]) -> list[str]:
    """The values of variables; of ``NAME: TYPE:VALUE`` also what stands behind the type. Switches are none."""
    values = [each.partition(":")[2] for each in variables]
    return worth_hiding((*values, *(value.partition(":")[2] for value in values)))


def _checked(name: str, value: Any, folder: Path) -> Any:
    if name not in ALLOWED:
        allowed = ", ".join(sorted(ALLOWED))
        raise PackageInvalid(f"options: {name[:_SHOWN]!r} is none that a request may set; these are: {allowed}")
    if name in FLAGS:
        if not isinstance(value, bool):
            raise PackageInvalid(f"options: {name} is neither true nor false")
        return value
    if name in SINGLE:
        return _text(name, value)
    texts = [_text(name, each) for each in (value if isinstance(value, list) else [value])]
    if name in PATHS:
        return [_path(name, each, folder) for each in texts]
    if name == VARIABLE:
        return checked_variables("options: variable", texts)
    if name == "language" and not all(set(each.lower()) <= _LANGUAGE for each in texts):
        raise PackageInvalid("options: language is no name or code of a language")
    return texts


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise PackageInvalid(f"options: {name} holds something that is no text")
    return str(value)


def _path(name: str, text: str, folder: Path) -> str:
    if name == "pythonpath":
        return str(inside(folder, text, "options: pythonpath"))
    first = min((place for mark in ":;" if (place := text.find(mark)) >= 0), default=len(text))
    return str(inside(folder, text[:first], "options: variablefile")) + text[first:]
