"""What became of a run of Robot Framework, by its documented return codes."""

from typing import Final

from kurun_robots.errors import EnvironmentUnavailable, PackageInvalid, RobotError, RunFailed
from kurun_robots.framework.results import Counts
from kurun_robots.framework.starting import NOT_THERE

MOST_FAILURES: Final = 250
"""Stands for as many failed tests, or more."""
_INVALID_DATA: Final = 252
_ENDINGS: Final = {
    251: "printed its help instead of running tests",
    253: "was stopped by somebody",
    255: "failed by an error of its own",
}
_NOT_STARTED: Final = (126, 127)  # the shell's codes; as numbers of failed tests they come with results


def failure_of(code: int, counts: Counts | None, *, whole: bool, python: str, user: str) -> RobotError | None:
    """Why a run that ended by itself did not succeed; ``None`` if it did.

    Args:
        code: Its exit code; below zero the number of the signal that ended it.
        counts: Its totals, where they could be read.
        whole: Its results were written to their end, as far as it is known.
        python: What it was started with.
        user: Whom it was started as.
    """
    if code == NOT_THERE or (code in _NOT_STARTED and not whole):
        lack = "has no Robot Framework" if code == NOT_THERE else f"cannot be started by {user}, whom robots run as"
        return EnvironmentUnavailable(f"{python} {lack}: set robots.framework_python to another")
    if code == _INVALID_DATA:
        return PackageInvalid("Robot Framework finds no tests to run, or an option wrong")
    if code < 0 or code in _ENDINGS or not whole:
        return RunFailed(f"Robot Framework {_ending(code)}")
    if code == 0:
        return None
    failed = str(counts.failed) if counts else f"{code} or more" if code == MOST_FAILURES else str(code)
    of = f" of {counts.passed + counts.failed + counts.skipped}" if counts else ""
    return RunFailed(f"tests failed: {failed}{of}")


def _ending(code: int) -> str:
    if code < 0:
        return f"was ended by signal {-code}"
    return _ENDINGS.get(code, f"ended with exit code {code} before its results were written")
