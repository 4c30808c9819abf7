"""Keeping what the worker knows out of reach of robots that run as the same user."""

from kurun_robots.run.keeper import kernel


def hide_from_robots() -> None:
    """Close this process's memory, environment and open files to other processes of its user.

    What else holds the same secrets stays readable to a robot of the same user where it has no namespace of its own:
    the process that started the worker, and files.

    Raises:
        OSError: The kernel refuses.
    """
    kernel.set_dumpable(allowed=False)
