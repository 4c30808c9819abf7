"""What uv's words on a failure mean: whether the package asks for something impossible, or the machine is unwell."""

import re
from typing import Final

from kurun_robots.environment.processes import Finished
from kurun_robots.errors import EnvironmentInvalid, EnvironmentUnavailable

_BUILD_WANTED: Final = re.compile(
    r"building (?:from source|source distributions) is disabled|`--no-build`", re.IGNORECASE
)

# Looked for in this order. The machine comes first: behind a broken connection uv may also say "no solution".
_UNWELL: Final = re.compile(
    r"no space left|os error (?:28|122|5|30)\b|quota exceeded|error sending request|timed? ?out"
    r"|connection (?:reset|refused|closed)|network connectivity is disabled|network was disabled|dns error"
    r"|could not (?:connect|resolve)|failed to connect|unable to access|permission denied"
    r"|\((?:401|403|407|408|429|5\d\d) |status code:? (?:401|403|407|408|429|5\d\d)"
    r"|too many open files|cannot allocate memory|not a valid (?:json|html)|failed to parse.*(?:json|html)",
    re.IGNORECASE,
)
_IMPOSSIBLE: Final = re.compile(
    r"no solution found|hash mismatch|couldn't parse|failed to build|is invalid|invalid hash|\b404\b|not found"
    r"|unsupported|does not exist|expected .*hash|unsatisfiable|incompatible|invalid",
    re.IGNORECASE,
)
_OFFLINE: Final = re.compile(r"network (?:connectivity )?(?:is|was) disabled|not found in the cache", re.IGNORECASE)
_LINES: Final = 6
_LONGEST: Final = 1500


def wants_build(finished: Finished) -> bool:
    """Whether uv gave up because something there is only as source code."""
    return finished.code != 0 and _BUILD_WANTED.search(finished.output) is not None


def failure_of(finished: Finished, what: str) -> EnvironmentInvalid | EnvironmentUnavailable:
    """The error that a failed uv stands for.

    Args:
        finished: uv, with an exit code other than 0.
        what: What could not be done.
    """
    words = _essence(finished.output) or f"uv ended with {finished.code}"
    if _OFFLINE.search(finished.output) is not None:
        words += " (robots.offline is set, and this machine's caches lack it)"
    invalid = _UNWELL.search(finished.output) is None and _IMPOSSIBLE.search(finished.output) is not None
    return (EnvironmentInvalid if invalid else EnvironmentUnavailable)(f"{what}: {words}")


def _essence(output: str) -> str:
    lines = [" ".join(line.split()) for line in output.splitlines()]
    told = [line for line in lines if line and not line.startswith(("Using Python", "Resolved", "warning:"))]
    return (
        "; ".join(told[:_LINES])[:_LONGEST].removeprefix("error: ").replace("; cause: ", ": ").replace("; hint: ", "; ")
    )
