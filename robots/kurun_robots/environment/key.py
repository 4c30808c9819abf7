"""What defines an environment."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kurun_robots.environment.interpreters import Interpreter
from kurun_robots.environment.nodejs import NodeJs
from kurun_robots.package.manifest import Manifest
from kurun_robots.package.requirements import Requirements

_FORM: Final = 1  # of environments; another one makes all of them anew


@dataclass(frozen=True)
class EnvironmentKey:
    """A digest of what defines an environment: robots with the same one share it.

    Attributes:
        digest: Hexadecimal, fit for a file name.
    """

    digest: str

    @classmethod
    def of(
        cls,
        manifest: Manifest,
        folder: Path,
        interpreter: Interpreter,
        nodejs: NodeJs | None = None,
        requirements: Requirements | None = None,
    ) -> "EnvironmentKey":
        """The key of a package; reads files.

        Post-install steps may use all the package has, and so may requirements that name files of it: the whole package
        counts then.

        Args:
            manifest: Its manifest.
            folder: Where it is unpacked.
            interpreter: The Python for it.
            nodejs: The Node.js for it, if it asks for one.
            requirements: Its requirements, if they have been read already.

        Raises:
            EnvironmentInvalid: Its requirements cannot be read.
            OSError: Its files cannot be read.
        """
        required = Requirements.of(folder) if requirements is None else requirements
        whole = bool(manifest.post_install) or required.uses_package
        parts = {
            "form": _FORM,
            "python": interpreter.words,
            "nodejs": nodejs.words if nodejs else None,
            "requirements": {name: hashlib.sha256(content).hexdigest() for name, content in required.files.items()},
            "post-install": [[step.name, step.shell] for step in manifest.post_install],
            "package": list(_files(folder)) if whole else None,
        }
        return cls(hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32])


def _files(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Each file with its mode, as far as that says what it is, and a digest of its content or the target of a link."""
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        folders.sort()
        for name in sorted((*links, *files)):
            path = Path(parent, name)
            mode = path.lstat().st_mode
            content = ""
            if stat.S_ISLNK(mode):
                content = str(path.readlink())
            elif stat.S_ISREG(mode):
                with path.open("rb") as file:
                    content = hashlib.file_digest(file, "sha256").hexdigest()
            yield str(path.relative_to(folder)), stat.S_IFMT(mode) | mode & stat.S_IXUSR, content
