"""The requirements of a package, held against what is sensible before uv reads them.

uv reads them with the rights of the worker, so they must lead to nothing outside the package. What uv gets is written
anew from what was understood here, so that it cannot understand something else.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kurun_robots.errors import EnvironmentInvalid
from kurun_robots.package.files import PackageFiles, Unpacked
from kurun_robots.package.requirement_lines import Line, lines_of

FILE_NAME: Final = "requirements.txt"
_MAX_BYTES: Final = 1024**2
_MAX_FILES: Final = 50
_FROM_VARIABLE: Final = re.compile(r"\$\{[A-Z0-9_]+\}")
_DIRECT: Final = re.compile(r"^([\w.-]+\s*(?:\[[^\]]*\])?)\s*@\s*(.+)$")
_VERSION: Final = r"(?:===\s*[\w.*+!-]+|(?:==|!=)\s*v?\d[\w.+!-]*(?:\.\*)?|(?:~=|[<>]=?)\s*v?\d[\w.+!-]*)"
_VERSIONS: Final = rf"{_VERSION}(?:\s*,\s*{_VERSION})*\s*,?"
_NAMED: Final = re.compile(
    rf"[A-Za-z0-9][\w.-]*\s*(?:\[[\w\s,.-]*\])?\s*(?:{_VERSIONS}|\(\s*{_VERSIONS}\s*\))?\s*", re.ASCII
)
_EXTRAS: Final = re.compile(r"\[[^\]]*\]$")
_SCHEME: Final = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*):")
_SCHEMES: Final = ("http", "https", "git+https")
_ARCHIVE: Final = re.compile(r"\.(?:whl|zip|tar\.gz|tgz|tar\.bz2|tar\.xz)$", re.IGNORECASE)
_LONG: Final = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-f": "--find-links",
    "-i": "--index-url",
    "-e": "--editable",
}
_PLACES: Final = ("--find-links", "--index-url", "--extra-index-url")
_KEPT: Final = ("--no-index", "--pre", "--require-hashes", "--no-binary", "--only-binary")
_DROPPED: Final = ("--prefer-binary", "--trusted-host")  # the first is so anyway, the second would weaken TLS


@dataclass(frozen=True)
class Requirements:
    """What is to be installed.

    Attributes:
        files: Content of the requirements file and of those it names, by their paths within the package; none: the
            package requires nothing.
        wanted: What uv is to read as requirements, a line each.
        constraints: What uv is to read as constraints.
        uses_package: They name something else within the package, such as a wheel.
        names_sources: They name files, addresses or indexes: code that the indexes of this machine do not answer for.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    uses_package: bool = False
    names_sources: bool = False

    def __bool__(self) -> bool:
        return bool(self.wanted)

    @classmethod
    def of(cls, folder: Path) -> "Requirements":
        """Those of an unpacked package.

        Raises:
            EnvironmentInvalid: They cannot be read, or lead out of the package.
        """
        return cls.among(Unpacked(folder))

    @classmethod
    def among(cls, package: PackageFiles) -> "Requirements":
        """As :meth:`of`, wherever the package's files are."""
        reading = _Reading(package)
        if package.exists(package.top / FILE_NAME):
            path = package.resolved(package.top / FILE_NAME)
            if not path.is_relative_to(reading.folder):
                raise EnvironmentInvalid(f"{FILE_NAME}: is a link out of the package")
            reading.read(path, reading.wanted)
        files = dict(sorted(reading.files.items()))
        return cls(
            files, tuple(reading.wanted), tuple(reading.constraints), reading.uses_package, reading.names_sources
        )


class _Reading:
    def __init__(self, package: PackageFiles) -> None:
        self.folder = package.top
        self._package = package
        self.files: dict[str, bytes] = {}
        self.wanted: list[str] = []
        self.constraints: list[str] = []
        self.uses_package = False
        self.names_sources = False
        self._read: set[tuple[str, bool]] = set()

    def read(self, path: Path, into: list[str]) -> None:
        name = path.relative_to(self.folder).as_posix()
        once = (name, into is self.wanted)
        if once in self._read:
            return
        if len(self._read) == _MAX_FILES:
            raise EnvironmentInvalid(f"{FILE_NAME}: names too many other files")
        self._read.add(once)
        self.files[name] = content = self._content(path, name)
        for line in lines_of(name, content):
            if _FROM_VARIABLE.search(line.text):
                raise line.wrong("environment variables are not filled in")
            if line.text.startswith("-"):
                self._option(line, path.parent, into)
            else:
                into.append(self._requirement(line))

    def _requirement(self, line: Line) -> str:
        text, *options = re.split(r"\s+(?=--)", line.text)
        if any(not option.startswith("--hash") for option in options):
            raise line.wrong("no other option than --hash can follow a requirement")
        wanted, semicolon, marker = text.partition(";")
        tail = " ".join((f"{semicolon}{marker}".strip(), *options)).strip()
        direct = _DIRECT.match(wanted.strip())
        target = (direct[2] if direct else wanted).strip()
        if direct or _SCHEME.match(target) or "/" in target or target.startswith(".") or _ARCHIVE.search(target):
            target = self._target(target, self.folder, line)
            wanted = f"{direct[1].strip()} @ {target}" if direct else target
        elif _NAMED.fullmatch(target) is None:
            raise line.wrong("is no requirement")
        return f"{wanted.strip()} {tail}".strip()

    def _option(self, line: Line, base: Path, into: list[str]) -> None:
        name, value = line.option()
        name = _LONG.get(name, name)
        if name == "--requirement":
            self.read(self._inside(value, base, line), into)
        elif name == "--constraint":
            self.read(self._inside(value, base, line), self.constraints)
        elif name in _PLACES:
            into.append(f"{name} {self._target(value, base, line)}")
        elif name in _KEPT:
            into.append(f"{name} {value}".strip())
        elif name == "--editable":
            raise line.wrong(f"an environment is shared by many runs: name {value!r} without {name}")
        elif name not in _DROPPED:
            raise line.wrong(f"{name} is not supported")

    def _target(self, target: str, base: Path, line: Line) -> str:
        self.names_sources = True
        if scheme := _SCHEME.match(target):
            if scheme[1].lower() not in _SCHEMES:
                raise line.wrong(f"{scheme[1]}: is not supported, only {', '.join(_SCHEMES)}")
            if " " in target:
                raise line.wrong("an address has no spaces")
            return target
        extras = _EXTRAS.search(target)
        path = self._inside(target[: extras.start()] if extras else target, base, line)
        self.uses_package = True
        return f"{path.as_uri()}{extras[0] if extras else ''}"

    def _inside(self, name: str, base: Path, line: Line) -> Path:
        path = self._package.resolved(base / name) if name else self.folder.parent
        if not path.is_relative_to(self.folder):
            raise line.wrong(f"{name!r} lies outside the package")
        if not self._package.exists(path):
            raise line.wrong(f"the package has no {name!r}")
        return path

    def _content(self, path: Path, name: str) -> bytes:
        try:
            if not self._package.is_file(path):
                raise EnvironmentInvalid(f"{name}: is no file")
            content = self._package.read(path, _MAX_BYTES + 1)
        except OSError as error:
            raise EnvironmentInvalid(f"{name}: cannot be read: {error.strerror}") from None
        if len(content) > _MAX_BYTES:
            raise EnvironmentInvalid(f"{name}: is longer than {_MAX_BYTES} bytes")
        return content
