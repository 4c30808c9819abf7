"""Reads the manifest, and says where it is wrong."""

import difflib
import stat
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kurun_robots.errors import EnvironmentUnavailable
from kurun_robots.package.manifest import Manifest, Step, Tools
from kurun_robots.package.marked_texts import MarkedTexts, Place, read_texts
from kurun_robots.package.problems import MANIFEST, PackageProblems, Problem

MAX_MANIFEST_BYTES = 64 * 1024
"""Largest manifest. Every command line in it then is one that Linux can start."""

_MESSAGES = {
    "missing": "is missing",
    "string_type": "a text is wanted",
    "string_pattern_mismatch": "a version such as 3.11.4 is wanted",
    "tuple_type": "a list is wanted",
    "model_type": "a mapping is wanted",
}


def read_manifest(path: Path) -> Manifest:
    """Read a manifest from a file.

    Raises:
        PackageInvalid: It is wrong, or there is none; the message is ``FILE:LINE: key: what``.
        EnvironmentUnavailable: It cannot be read.
    """
    return parse_manifest(manifest_bytes(path, str(path)), str(path))


def manifest_bytes(path: Path, file: str) -> bytes:
    """The content of a manifest, up to the first byte too many."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise PackageProblems([Problem(None, "", "is no file", file)])
        with path.open("rb") as opened:
            return opened.read(MAX_MANIFEST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise PackageProblems([Problem(None, "", "there is no such file", file)]) from None
    except OSError as error:
        raise EnvironmentUnavailable(f"{file}: cannot be read: {error.strerror}") from None


def parse_manifest(content: bytes, file: str = MANIFEST) -> Manifest:
    """Read a manifest.

    Raises:
        PackageProblems: All that is wrong with it; if it is no YAML, the first thing.
    """
    texts = read_texts(_decoded(content, file), file)
    if not isinstance(texts.data, dict):
        raise PackageProblems([texts.problem((), "a manifest has keys such as operations")])
    try:
        manifest = Manifest.model_validate(texts.data)
    except ValidationError as error:
        raise PackageProblems(sorted(_problems(texts, error), key=lambda problem: problem.line or 0)) from None
    if repeated := list(_repeated(texts, manifest)):
        raise PackageProblems(repeated)
    return manifest


def _decoded(content: bytes, file: str) -> str:
    if len(content) > MAX_MANIFEST_BYTES:
        raise PackageProblems([Problem(None, "", f"is larger than {MAX_MANIFEST_BYTES} bytes", file)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PackageProblems([Problem(line, "", "not UTF-8 text", file)]) from None


def _problems(texts: MarkedTexts, error: ValidationError) -> list[Problem]:
    details = error.errors(include_input=False, include_url=False)
    return [
        texts.problem(tuple(each["loc"]), _message(each["type"], each["msg"], tuple(each["loc"]))) for each in details
    ]


def _message(kind: str, usual: str, place: Place) -> str:
    if kind != "extra_forbidden":
        return _MESSAGES.get(kind, usual.removeprefix("Value error, "))
    known = _keys(place)
    meant = difflib.get_close_matches(str(place[-1]), known, n=1)
    return f"no such key; is {meant[0]} meant?" if meant else f"no such key; known: {', '.join(known)}"


def _keys(place: Place) -> list[str]:
    """The keys that are known where an unknown one stands."""
    part: Any = Manifest if len(place) == 1 else Tools if place[0] == "tools" else Step
    return [field.alias or name for name, field in part.model_fields.items()]


def _repeated(texts: MarkedTexts, manifest: Manifest) -> list[Problem]:
    seen: set[str] = set()
    problems = []
    for position, operation in enumerate(manifest.operations):
        if operation.name in seen:
            place = ("operations", position, "name")
            problems.append(texts.problem(place, f"{operation.name!r} is there twice"))
        seen.add(operation.name)
    return problems
