"""The files that a robot left in its output folder, on their way into the process."""

import os
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from mimetypes import MimeTypes
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from kurun_activities.documents import UNKNOWN_TYPE
from kurun_activities.robot_runs.models import RobotDocument
from kurun_clients.kuflow import KuFlowClient, KuFlowFile, MalformedReference
from kurun_clients.kuflow.documents import MAX_NAME, file_chunks
from kurun_clients.threads import in_thread
from kurun_config import RobotSettings
from kurun_robots.errors import EnvironmentUnavailable, LimitExceeded

MAX_TOLD: Final = 1_000_000
"""Characters of documents' addresses and names that pass through the workflow's history, which takes 2 MB at once."""
_EXAMPLES: Final = 10
_LOOK: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_TYPES: Final = MimeTypes()


@dataclass(frozen=True)
class OutputFile:
    """A regular file of a robot; a document's content.

    Attributes:
        path: The file.
        name: Where it lies in the output folder.
        size: Bytes.
    """

    path: Path
    name: str
    size: int

    def open(self) -> AsyncIterator[bytes]:
        """Its bytes, from the beginning."""
        return file_chunks(lambda: opened(self.path))

    @property
    def document_name(self) -> str:
        """A name for the document: folders and what cannot be printed are replaced."""
        name = printable(self.name.replace("/", "-"))
        suffix = Path(name).suffix[:20]
        return name if len(name) <= MAX_NAME else name[: MAX_NAME - len(suffix)] + suffix

    @property
    def content_type(self) -> str:
        """Its media type, by its name."""
        return _TYPES.guess_type(self.document_name)[0] or UNKNOWN_TYPE


@dataclass
class Outputs:
    """What an output folder holds.

    Attributes:
        files: The files, by their names.
        left_out: How many things in it are no files of the robot: links, pipes, devices, files of somebody else.
        examples: Names of the first of them.
    """

    files: list[OutputFile] = field(default_factory=list)
    left_out: int = 0
    examples: list[str] = field(default_factory=list)

    def leave_out(self, name: str) -> None:
        """Count something that is no file of the robot."""
        self.left_out += 1
        if self.left_out <= _EXAMPLES:
            self.examples.append(name)


def found(folder: Path, *, max_files: int, max_bytes: int) -> Outputs:
    """The files in an output folder that nobody writes to any more. Blocking.

    Links, pipes and devices are left out, and so is what belongs to somebody else than the folder: a robot could have
    put a name of a foreign file there. The size counts that they are read with: a file of nothing but a hole takes no
    room on the disk.

    Raises:
        LimitExceeded: There are too many, or they are too large together.
        EnvironmentUnavailable: The folder cannot be read.
    """
    there, size = Outputs(), 0
    try:
        owner = folder.lstat()
        if not stat.S_ISDIR(owner.st_mode):
            return there  # the robot removed it, or put something else in its place
        for place, folders, names, descriptor in os.fwalk(folder, onerror=_raise):
            folders.sort()
            for name in sorted((*folders, *names)):
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                shown = _shown(Path(place, name).relative_to(folder))
                if stat.S_ISDIR(status.st_mode):
                    continue
                if not stat.S_ISREG(status.st_mode) or status.st_uid != owner.st_uid:
                    there.leave_out(shown)
                    continue
                there.files.append(OutputFile(Path(place, name), shown, status.st_size))
                size += status.st_size
                if len(there.files) > max_files:
                    raise LimitExceeded(f"the output folder has more than {max_files} files (robots.max_files)")
                if size > max_bytes:
                    raise LimitExceeded(f"the output folder holds more than {max_bytes} bytes (robots.max_disk)")
    except FileNotFoundError:
        return Outputs()
    except (OSError, RecursionError) as error:
        raise EnvironmentUnavailable(f"the output folder cannot be read: {error}") from None
    return there


async def upload(kuflow: KuFlowClient, process_id: UUID, file: OutputFile, *, max_bytes: int) -> RobotDocument:
    """Upload a file as a document of the process.

    Raises:
        LimitExceeded: It is larger than documents may be.
        ApiError: KuFlow refused or could not be reached.
    """
    if file.size > max_bytes:
        name = printable(file.name)
        raise LimitExceeded(f"{name} in the output folder is larger than {max_bytes} bytes (documents.max_bytes)")
    sent = await kuflow.processes.upload_document(
        process_id, file, file_name=file.document_name, content_type=file.content_type
    )
    try:
        reference = KuFlowFile.parse(sent.document_uri)
    except MalformedReference:
        reference = KuFlowFile(uri=sent.document_uri, type=file.content_type, size=file.size, name=file.document_name)
    return RobotDocument(path=file.name, document_uri=reference.uri, reference=str(reference), size=file.size)


@dataclass
class Uploads:
    """What became of an output folder.

    Attributes:
        documents: The documents made of its files, as far as they fit into the workflow's history.
        more: How many more there are.
        outputs: What was in the folder.
    """

    outputs: Outputs = field(default_factory=Outputs)
    documents: list[RobotDocument] = field(default_factory=list)
    more: int = 0
    _told: int = 0

    def add(self, document: RobotDocument) -> None:
        """One more was uploaded."""
        self._told += len(document.path) + len(document.document_uri) + len(document.reference)
        if self._told <= MAX_TOLD:
            self.documents.append(document)
        else:
            self.more += 1


async def outputs_of(folder: Path, settings: RobotSettings) -> Outputs:
    """As :func:`found`, in a thread."""
    return await in_thread(lambda: found(folder, max_files=settings.max_files, max_bytes=settings.max_disk))


def printable(name: str) -> str:
    """A name as it may be written into a line: what cannot be printed is replaced."""
    return "".join(letter if letter.isprintable() else "_" for letter in name)


def opened(path: Path) -> BinaryIO:
    """Open a file that a robot made; no link is followed. Blocking."""
    return os.fdopen(os.open(path, _LOOK), "rb")


def _raise(error: OSError) -> None:
    raise error


def _shown(path: Path) -> str:
    return str(path).encode(errors="surrogateescape").decode(errors="replace")
