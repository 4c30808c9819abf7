"""What the keeper is told at the start, and what it tells."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kurun_robots.run.limits import RunLimits

CONTROL = 0
"""Descriptor with the order, then orders to end. Its end means that the worker is gone."""
EVENTS = 1
"""Descriptor for what happens, one JSON object a line."""

STOP = b"s"
"""End the robot kindly: it was cancelled."""
KILL = b"k"
"""End the robot now."""
TOO_MUCH = b"o"
"""End the robot: it wrote more than it may."""

_LONGEST = 16 * 1024**2


@dataclass(frozen=True)
class Order:
    """One run, as the keeper needs to know it.

    Args:
        command: For ``/bin/sh -c``.
        working: Folder to start in.
        folder: Folder whose size is watched.
        temporary: The robot's own place for ``/tmp``, within ``folder``.
        needed: Paths that the robot has to reach where they are.
        variables: The robot's whole environment.
        user: User and group to become; without it the robot runs as the keeper's user.
        isolate: Give the robot namespaces of its own where the machine allows it.
        limits: What it may use.
    """

    command: str
    working: str
    folder: str
    temporary: str
    needed: tuple[str, ...]
    variables: Mapping[str, str]
    user: tuple[int, int] | None
    isolate: bool
    limits: RunLimits

    def to_json(self) -> bytes:
        """One line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def read(cls, descriptor: int) -> tuple[Order, bytes]:
        """Read one from a pipe, and what came right behind it.

        Raises:
            EOFError: The worker is gone, or nothing of the kind comes.
        """
        read = bytearray()
        while b"\n" not in read:
            chunk = os.read(descriptor, 65536)
            if not chunk or len(read) > _LONGEST:
                raise EOFError
            read += chunk
        line, _, rest = read.partition(b"\n")
        fields: dict[str, Any] = json.loads(line)
        fields["limits"] = RunLimits(**fields["limits"])
        fields["needed"] = tuple(fields["needed"])
        fields["user"] = tuple(fields["user"]) if fields["user"] else None
        return cls(**fields), bytes(rest)


def tell(event: str, **fields: object) -> None:
    """Tell the worker, if it listens."""
    with contextlib.suppress(BlockingIOError, BrokenPipeError):
        os.write(EVENTS, json.dumps({"event": event, **fields}).encode() + b"\n")
