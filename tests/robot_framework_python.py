"""A Python with Robot Framework for the tests of suites."""

import shutil
import subprocess
from pathlib import Path

import robot

from tests.integration.robot_runs import robot_python


def framework_python(folder: Path) -> Path:
    """An environment with Robot Framework alone; the robots' user can start it where the folder is open to it."""
    python = bare_python(folder)
    [packages] = folder.glob("lib/python*/site-packages")
    shutil.copytree(Path(robot.__file__).parent, packages / "robot")
    return python


def bare_python(folder: Path) -> Path:
    """An environment with nothing."""
    subprocess.run([robot_python(), "-m", "venv", "--without-pip", folder], check=True)  # noqa: S603 - this machine's
    return folder / "bin" / "python"
