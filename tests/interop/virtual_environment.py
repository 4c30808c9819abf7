"""The published KuFlow packages in a virtual environment of their own: they pin a Temporal that is not ours."""

import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv-interop"
REQUIREMENTS = ROOT / "requirements" / "interop.txt"
SECONDS = 100
"""Longest wait for the installation; pip gives up earlier when nothing answers."""


class UnavailableError(Exception):
    """The published packages cannot be installed here."""


def published_python() -> Path:
    """The Python that has the published packages; makes its environment where there is none of these pins.

    Raises:
        UnavailableError: Not possible, for example without a package index.
    """
    with _alone():
        return _ready()


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time make the environment: the suite runs in several."""
    with FOLDER.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _ready() -> Path:
    python, stamp = FOLDER / "bin" / "python", FOLDER / ".ready"
    wanted = f"{sys.version} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}"
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    _run(sys.executable, "-m", "venv", "--clear", str(FOLDER))
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1")
    _run(str(python), *pip, "--only-binary", ":all:", "--require-hashes", "-r", str(REQUIREMENTS))
    stamp.write_text(wanted)
    return python


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS)  # noqa: S603 - ours
    except subprocess.CalledProcessError as error:
        if "DO NOT MATCH THE HASHES" in error.stderr:
            raise AssertionError(error.stderr) from None
        lines = [line for line in error.stderr.splitlines() if line.startswith("ERROR")] or error.stderr.splitlines()
        raise UnavailableError(lines[-1] if lines else f"{command[0]} ended with {error.returncode}") from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"installing took longer than {SECONDS} s") from None
