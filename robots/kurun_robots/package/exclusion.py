"""What of a folder does not go into its package."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Self

from kurun_robots.package.problems import PackageProblems, Problem

IGNORE_FILE = ".kubotignore"

_USUAL = (
    ".git", ".hg", ".svn", "__pycache__", "*.py[co]", ".venv/", "venv/", ".tox/", ".nox/", ".mypy_cache/",
    ".pytest_cache/", ".ruff_cache/", "*.egg-info/", ".idea/", ".vscode/", ".DS_Store", "Thumbs.db", ".env",
    IGNORE_FILE,
)  # fmt: skip
"""Left by tools, or meant for one machine: environments, caches, and ``.env`` with somebody's secrets."""

_MAX_PATTERNS = 1000
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True)
class Exclusion:
    """Patterns; names that match one are left out, folders with all that is in them."""

    patterns: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The usual ones and those of the folder's ``.kubotignore``.

        Each line of it is a pattern as the shell has them. One without a slash matches names in every folder, any
        other whole paths; one that ends with a slash matches folders only. Lines that begin with # say nothing.

        Raises:
            PackageProblems: It is no text, is too long, or takes something back with !, which is not supported.
        """
        try:
            with (folder / IGNORE_FILE).open("rb") as file:
                text = file.read(_MAX_BYTES + 1).decode("utf-8-sig")
        except FileNotFoundError:
            return cls(_USUAL)
        except UnicodeDecodeError:
            raise _wrong(None, "not UTF-8 text") from None
        lines = [line.strip() for line in text.splitlines()]
        if len(text) > _MAX_BYTES or len(lines) > _MAX_PATTERNS:
            raise _wrong(None, f"longer than {_MAX_PATTERNS} lines or {_MAX_BYTES} bytes")
        for number, line in enumerate(lines, 1):
            if line.startswith("!"):
                raise _wrong(number, "patterns that begin with ! are not supported")
        return cls((*_USUAL, *(line for line in lines if line and not line.startswith("#"))))

    def covers(self, path: str, *, is_folder: bool) -> bool:
        """Whether a path, relative to the folder, is left out."""
        return any(_matches(pattern, path, is_folder=is_folder) for pattern in self.patterns)


def _matches(pattern: str, path: str, *, is_folder: bool) -> bool:
    if pattern.endswith("/") and not is_folder:
        return False
    bare = pattern.rstrip("/")
    return fnmatchcase(path, bare.lstrip("/")) if "/" in bare else fnmatchcase(path.rpartition("/")[2], bare)


def _wrong(line: int | None, message: str) -> PackageProblems:
    return PackageProblems([Problem(line, "", message, IGNORE_FILE)])
