"""What is wrong with the entries of a ZIP, before any of them is written."""

import stat
from collections.abc import Iterator, Sequence

from kurun_robots.package.archive import DEFLATED, STORED, Entry
from kurun_robots.package.limits import RATIO_FLOOR, PackageLimits
from kurun_robots.package.names import collisions, wrong_name
from kurun_robots.package.problems import MANIFEST, Problem, about_file, printable

_OTHER_TYPES = {
    stat.S_IFLNK: "a link: packages hold files and folders only",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


def entry_problems(entries: Sequence[Entry], limits: PackageLimits) -> Iterator[Problem]:
    """All that can be said without reading what the entries hold."""
    for entry in entries:
        if wrong := wrong_name(entry.name) or _wrong_kind(entry) or _wrong_size(entry, limits):
            yield about_file(entry.name, wrong)
    yield from collisions(entry.name for entry in entries)
    total = sum(entry.size for entry in entries)
    if total > limits.max_unpacked_bytes:
        yield about_total(total, max(entries, key=lambda entry: entry.size).name, limits)
    if not any(entry.name == MANIFEST for entry in entries):
        yield no_manifest([entry.name for entry in entries])


def about_total(total: int, largest: str, limits: PackageLimits) -> Problem:
    """The files are too large together."""
    message = (
        f"the files of the package have {total} bytes; at most {limits.max_unpacked_bytes} are allowed"
        f" (robots.max_unpacked_bytes); the largest is {printable(largest)}"
    )
    return Problem(None, "", message, "")


def no_manifest(names: Sequence[str]) -> Problem:
    """There is no manifest; perhaps another file was meant to be it."""
    candidates = [name for name in names if name.lower().split("/")[-1] in (MANIFEST, "kubot.yml")]
    found = min(candidates, key=lambda name: name.count("/"), default=None)
    if found is None:
        return about_file(MANIFEST, "there is no such file, and every package needs one")
    folder, _, _ = found.rpartition("/")
    wanted = f"is in the folder {folder!r}; it has to be at the root" if folder else "has to be called kubot.yaml"
    return about_file(found, wanted)


def _wrong_kind(entry: Entry) -> str | None:
    if entry.is_encrypted:
        return "is encrypted"
    if entry.method not in (STORED, DEFLATED):
        return f"is compressed in a way that is not known (method {entry.method}): store or deflate is wanted"
    if entry.file_type in _OTHER_TYPES:
        return _OTHER_TYPES[entry.file_type]
    usual = stat.S_IFDIR if entry.is_folder else stat.S_IFREG
    if entry.file_type not in (0, usual) or (entry.is_folder and entry.size):
        return "is a folder by its name, or by its type, and not by both"
    return None


def _wrong_size(entry: Entry, limits: PackageLimits) -> str | None:
    if entry.method == STORED and entry.packed != entry.size:
        return "is stored, but with another size than its own"
    if entry.size > max(RATIO_FLOOR, entry.packed * limits.max_ratio):
        return f"is more than {limits.max_ratio} times as large as its data in the package"
    return None
