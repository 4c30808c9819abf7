"""Which names files in a package may have: such that they are the same file on every system, inside the package."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from kurun_robots.package.problems import Problem, about_file

MAX_NAME_BYTES = 1024
_MAX_PART_BYTES = 255
_MAX_DEPTH = 32


def wrong_name(name: str) -> str | None:
    """Why a file cannot be called so; ``None`` if it can.

    Args:
        name: Parts separated by slashes; a folder's ends with one.
    """
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        return "a name that is no Unicode"
    parts = name.removesuffix("/").split("/")
    if len(encoded) > MAX_NAME_BYTES or any(len(part.encode()) > _MAX_PART_BYTES for part in parts):
        return f"a name that is too long: at most {_MAX_PART_BYTES} bytes a part and {MAX_NAME_BYTES} in all"
    if len(parts) > _MAX_DEPTH:
        return f"more than {_MAX_DEPTH} folders deep"
    return _wrong_letters(name) or _wrong_parts(parts)


def _wrong_letters(name: str) -> str | None:
    if any(unicodedata.category(letter) == "Cc" for letter in name):
        return "a name with control characters"
    if "\\" in name:
        return "a name with a backslash: packages have slashes between folders"
    if name.startswith("/"):
        return "an absolute path"
    return "a name that begins with a drive letter" if re.match("[A-Za-z]:", name) else None


def _wrong_parts(parts: list[str]) -> str | None:
    if ".." in parts:
        return "a name that leads out of its folder"
    if "." in parts or "" in parts:
        return "a name with parts that are empty or a dot"
    return None


def collisions(names: Iterable[str]) -> Iterator[Problem]:
    """Names that are there twice, that differ only in case, and files that are folders as well.

    Systems that do not tell such names apart would have one file for two.
    """
    known: dict[str, tuple[str, bool]] = {}
    given: set[str] = set()
    for name in names:
        path, is_folder = name.removesuffix("/"), name.endswith("/")
        if path in given:
            yield about_file(path, "is there twice")
            continue
        given.add(path)
        for end in [*(at for at, letter in enumerate(path) if letter == "/"), len(path)]:
            mine = (path[:end], is_folder or end < len(path))
            other = known.setdefault(_folded(path[:end]), mine)
            if other != mine:
                kind = "differs from another only in case" if other[0] != mine[0] else "is both a file and a folder"
                yield about_file(path[:end], kind)
                break


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
