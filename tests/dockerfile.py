"""As much of a Dockerfile as ours has: stages, instructions, and what of a folder goes into the build."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePath


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Attributes:
        name: In capitals.
        flags: ``--name=value``.
        value: The rest, with continued lines joined.
    """

    name: str
    flags: Mapping[str, str]
    value: str

    def words(self) -> list[str]:
        """The words of a list in JSON or of a line."""
        return list(json.loads(self.value)) if self.value.startswith("[") else shlex.split(self.value)

    def pairs(self) -> dict[str, str]:
        """``NAME=value …``."""
        return dict(word.partition("=")[::2] for word in shlex.split(self.value))


@dataclass
class Stage:
    """What follows a ``FROM``: the image or stage that it begins with, its name, and its instructions."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def last(self, name: str) -> Instruction | None:
        """The last instruction of a name: the one that counts where only one does."""
        return next((each for each in reversed(self.instructions) if each.name == name), None)


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile in their order.

    Raises:
        ValueError: It has what is not understood here.
    """
    found: list[Stage] = []
    for instruction in _instructions(text):
        if instruction.name == "FROM":
            base, word, name = instruction.words()
            if word.upper() != "AS":
                raise ValueError(f"a stage without a name: {instruction.value}")
            found.append(Stage(base, name))
        elif found:
            found[-1].instructions.append(instruction)
        elif instruction.name != "ARG":
            raise ValueError(f"{instruction.name} before the first FROM")
    return found


def _instructions(text: str) -> Iterator[Instruction]:
    without_comments = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\s*\\\n\s*", " ", without_comments).splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        flags = {}
        while name != "CMD" and (match := re.match(r"--([a-z-]+)=(\S+)\s+", rest)):
            flags[match[1]] = match[2]
            rest = rest[match.end() :]
        yield Instruction(name.upper(), flags, rest.strip())


def lineage(known: list[Stage], name: str) -> list[Stage]:
    """A stage and those that it begins with, the first one first."""
    by_name = {each.name: each for each in known}
    line = [by_name[name]]
    while line[0].base in by_name:
        line.insert(0, by_name[line[0].base])
    return line


def ignored(rules: str, path: PurePath) -> bool:
    """Whether a ``.dockerignore`` keeps a file out: the last rule that fits it or a folder above it decides."""
    kept_out = False
    for rule in (line.strip() for line in rules.splitlines()):
        if rule and not rule.startswith("#"):
            pattern = rule.removeprefix("!").rstrip("/")
            if any(_fits(pattern, each) for each in (path, *path.parents)):
                kept_out = not rule.startswith("!")
    return kept_out


def _fits(pattern: str, path: PurePath) -> bool:
    parts = path.parts
    if pattern.startswith("**/"):
        return any(_fits(pattern[3:], PurePath(*parts[start:])) for start in range(len(parts)))
    wanted = pattern.split("/")
    return len(wanted) == len(parts) and all(fnmatch(part, each) for part, each in zip(parts, wanted, strict=True))


def context(root: Path) -> list[Path]:
    """The files of the folder that go into a build, relative to it."""
    rules = (root / ".dockerignore").read_text()
    # Folders without an exception of their own are not walked: a checkout holds environments with many thousand files.
    tops = [each for each in root.iterdir() if not ignored(rules, PurePath(each.name))]
    found = [file for top in tops for file in ([top] if top.is_file() else top.rglob("*")) if file.is_file()]
    return [file.relative_to(root) for file in found if not ignored(rules, file.relative_to(root))]
