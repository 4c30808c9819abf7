"""Starting the robot, in namespaces of its own or as a plain child."""

from __future__ import annotations

import os
from dataclasses import dataclass

from kurun_robots.run.keeper import kernel, nest, robot
from kurun_robots.run.keeper.order import Order


@dataclass(frozen=True)
class Started:
    """A started robot.

    Args:
        child: The keeper's child: the robot itself, or the first process of its namespaces.
        status: Descriptor that brings the robot's exit status, where it is not the keeper's child.
        lifeline: Descriptor that is closed when the keeper ends, however that happens.
    """

    child: int
    status: int | None = None
    lifeline: int | None = None

    @property
    def nested(self) -> bool:
        """It has namespaces of its own."""
        return self.status is not None


def start(order: Order, stdout: int, stderr: int) -> Started:
    """Start the robot; both descriptors are closed here.

    Raises:
        StartFailed: The machine or the order does not allow it.
    """
    kernel.adopt_orphans()
    nested = order.isolate and nest.possible(order)
    if nested:
        nest.enter()
    kernel.set_dumpable(allowed=False)
    reading, report = os.pipe()
    result = _nested(order, stdout, stderr, report) if nested else Started(_plain(order, stdout, stderr, report))
    for descriptor in (stdout, stderr, report):
        os.close(descriptor)
    try:
        robot.started(reading)
    finally:
        os.close(reading)
    return result


def _plain(order: Order, stdout: int, stderr: int, report: int) -> int:
    pid = os.fork()
    if pid == 0:
        robot.become(order, stdout, stderr, report)
    return pid


def _nested(order: Order, stdout: int, stderr: int, report: int) -> Started:
    go, lifeline = os.pipe()
    status, telling = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(lifeline)
        nest.be_first(order, lambda: _inner(order, stdout, stderr, report), go, telling, report)
    os.close(go)
    os.close(telling)
    os.write(lifeline, b"g")
    return Started(pid, status, lifeline)


def _inner(order: Order, stdout: int, stderr: int, report: int) -> int:
    pid = _plain(order, stdout, stderr, report)
    os.close(stdout)
    os.close(stderr)
    return pid
