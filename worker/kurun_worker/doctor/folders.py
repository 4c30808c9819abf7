"""Whether folders are there, can be written to, and have room."""

import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from kurun_clients.threads import in_own_thread
from kurun_config import Settings, variable
from kurun_worker.doctor.checks import Check
from kurun_worker.doctor.report import Verdict, misconfigured, ok, warning
from kurun_worker.health.places import Folder, folders

MEBIBYTE = 1024**2


def folder_checks(settings: Settings) -> list[Check]:
    """One for each folder of the settings: documents, robots, and the login of K2."""
    least = settings.health.min_free_disk
    return [Check(f"folder {folder.path}", _looking(folder, least)) for folder in folders(settings)]


def _looking(folder: Folder, least: int) -> Callable[[], Awaitable[Verdict]]:
    return lambda: in_own_thread(lambda: look(folder, least))


def look(wanted: Folder, least: int) -> Verdict:
    """What is to be said of a folder; nothing is made or written.

    Args:
        wanted: The folder.
        least: Bytes that should be free.
    """
    folder, setting = wanted.path.absolute(), wanted.setting
    try:
        found = wanted.standing()
        if not found.is_dir():
            said = f"{found} is {'no folder' if found.exists() else 'not there'}"
            return misconfigured(said, f"make the folder, or set {variable(setting)} to another")
        if (closed := _closed(found, wanted)) is not None:
            return closed
        free = shutil.disk_usage(found).free
    except OSError as error:
        return misconfigured(f"{folder}: {error.strerror}", f"set {variable(setting)} to another folder")
    said = f"can be written to, {free // MEBIBYTE} MiB free"
    if free < least:
        fix = f"make room; {variable('health.min_free_disk')} says how much there has to be"
        return warning(f"{said}, less than {least // MEBIBYTE} MiB", fix)
    return ok(said if found == folder else f"{said}; it is made when it is needed")


def _closed(folder: Path, wanted: Folder) -> Verdict | None:
    us = f"the user of this process (uid {os.geteuid()})"
    fix = "give this user the right, or mount the folder so"
    if not os.access(folder, os.R_OK | os.X_OK):
        return misconfigured(f"{folder} cannot be read by {us}", fix)
    if os.access(folder, os.W_OK):
        return None
    said = f"{folder} cannot be written to by {us}"
    if not wanted.may_be_closed:
        return misconfigured(said, f"{fix}, or set {variable(wanted.setting)} to another folder")
    return warning(f"{said}: documents can be uploaded from it, and none downloaded into it", fix)
