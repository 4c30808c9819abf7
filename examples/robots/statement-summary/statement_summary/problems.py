"""What can be wrong."""


class RobotProblem(Exception):  # noqa: N818 - reads as what it is
    """The robot cannot do its work; the message is for the people who read the task's log."""
