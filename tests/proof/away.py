"""What a worker depends on, in the hands of a test: mounts of its own for the worker, and a name server."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from pathlib import Path
from typing import Final, cast

import psutil

NAME_SERVER: Final = "127.0.0.153"
"""An address of this machine that nobody else listens on; the port is 53, as a resolver's configuration names none."""

_NAMES: Final = """
mount --bind "$1/resolv.conf" /etc/resolv.conf && mount --bind "$1/hosts" /etc/hosts &&
mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf || exit 90
shift 1
exec "$@"
"""
_DISK: Final = """
mount -t tmpfs -o size=4m tmpfs "$1" && head -c 300000 /dev/urandom > "$1/report.bin" || exit 90
exec 3<> "$2"
while read -r word <&3; do
    case "$word" in
        fill) head -c 8000000 /dev/zero > "$1/filling" 2> /dev/null ;;
        free) rm "$1/filling" ;;
        end) exit 0 ;;
    esac
done &
exec 3<&-
shift 2
exec "$@"
"""


def mounts_are_allowed() -> bool:
    """Whether a process may have mounts of its own here."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    trial = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0  # noqa: S603


def with_names_from_here(folder: Path) -> Sequence[str]:
    """Run a command that asks the test's name server for every name, ``localhost`` included.

    Args:
        folder: Keeps the files that it sees in ``/etc``.
    """
    (folder / "resolv.conf").write_text(f"nameserver {NAME_SERVER}\n")
    (folder / "hosts").write_text("")
    (folder / "nsswitch.conf").write_text("hosts: files dns\n")
    return ("unshare", "--mount", "sh", "-c", _NAMES, "names", str(folder))


class SmallDisk:
    """A file system of 4 MB that a command sees in the place of a folder.

    Args:
        place: The folder; the command finds ``report.bin`` there.
        pipe: Where the test's words go to.
    """

    def __init__(self, place: Path, pipe: Path) -> None:
        self._pipe = pipe
        os.mkfifo(pipe)
        self.through: Sequence[str] = ("unshare", "--mount", "sh", "-c", _DISK, "disk", str(place), str(pipe))

    def fill(self) -> None:
        """Leave no byte free."""
        self._say("fill")

    def free(self) -> None:
        """Give everything back."""
        self._say("free")

    def end(self) -> None:
        """Let go of it."""
        self._say("end")

    def _say(self, word: str) -> None:
        # Without waiting: where the reader is gone already, this is an error and not the end of the test.
        descriptor = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
        os.write(descriptor, f"{word}\n".encode())
        os.close(descriptor)


class Answering(Enum):
    """How a name server behaves."""

    KNOWS = "knows every name as this machine"
    DENIES = "knows no name"
    SILENT = "says nothing"


class NameServer(asyncio.DatagramProtocol):
    """A small real name server."""

    def __init__(self) -> None:
        self.behaviour = Answering.KNOWS
        self.questions = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See base class."""
        # On Python 3.11 the loop's own transport is no asyncio.DatagramTransport.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question: the header, the question as it was, and for type A this machine's address."""
        self.questions += 1
        if self.behaviour is Answering.SILENT:
            return
        end = data.index(0, 12) + 5
        found = self.behaviour is Answering.KNOWS and data[end - 4 : end - 2] == b"\x00\x01"
        flags = b"\x81\x83" if self.behaviour is Answering.DENIES else b"\x81\x80"
        answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04\x7f\x00\x00\x01" if found else b""
        counts = b"\x00\x01" + (b"\x00\x01" if found else b"\x00\x00") + b"\x00\x00\x00\x00"
        self._transport.sendto(data[:2] + flags + counts + data[12:end] + answer, addr)


@asynccontextmanager
async def name_server() -> AsyncIterator[NameServer]:
    """Answer at :data:`NAME_SERVER`."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=(NAME_SERVER, 53))
    try:
        yield server
    finally:
        transport.close()


def temporal_of(pid: int) -> psutil.Process:
    """The Temporal server that a twin started."""
    children = psutil.Process(pid).children(recursive=True)
    return next(each for each in children if "start-dev" in each.cmdline())
