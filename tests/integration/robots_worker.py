"""Run one robot in a process of its own: ``robots_worker.py JSON``; prints what it is told, one JSON a line."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from kurun_robots.errors import RobotError
from kurun_robots.run import supervision
from kurun_robots.run.hiding import hide_from_robots
from kurun_robots.run.limits import RunLimits
from kurun_robots.run.request import RunRequest
from kurun_robots.run.runner import run


def say(kind: str, what: object) -> None:
    """Print one thing."""
    print(json.dumps({kind: what}), flush=True)  # noqa: T201 - its only output


async def main(order: dict[str, Any]) -> None:
    """Run the robot."""
    hide_from_robots()
    supervision.SILENCE = order.get("silence", supervision.SILENCE)  # type: ignore[misc]
    limits = RunLimits(**order["limits"])
    request = RunRequest(order["command"], Path(order["folder"]), limits=limits, isolate=order["isolate"])
    try:
        result = await run(request, lambda line: say("line", line.text))
    except RobotError as error:
        say("error", f"{type(error).__name__}: {error}")
    else:
        say("result", {"code": result.exit_code, "by": result.ended_by, "isolated": result.isolated})


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
