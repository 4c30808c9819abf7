"""Whether the port of the health checks is free."""

import errno
import socket
from typing import Final

from kurun_clients.threads import in_own_thread
from kurun_config import variable
from kurun_config.health import HealthSettings
from kurun_worker.doctor.checks import Check
from kurun_worker.doctor.report import Verdict, misconfigured, ok, warning
from kurun_worker.health import asking

_SECONDS: Final = 2.0
"""How long who listens there may take to say who it is; kurun does that in a thread that nothing holds up."""


def health_checks(settings: HealthSettings, queue: str) -> list[Check]:
    """None where nothing is served.

    Args:
        settings: Say where a worker would listen.
        queue: The task queue that it would serve.
    """
    if settings.port is None:
        return []
    host, port = settings.host, settings.port
    return [Check("port of health checks", lambda: in_own_thread(lambda: look(host, port, queue)))]


def look(host: str, port: int, queue: str) -> Verdict:
    """Listen there for a moment; where somebody else does, see whether it is this worker, which runs already."""
    where = f"{host}:{port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(found[0], socket.SOCK_STREAM) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(found[4])
    except UnicodeError:
        return misconfigured(f"{host} is no name of a machine", f"check {variable('health.host')}")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _taken(where, asking.whose(host, port, _SECONDS), queue)
        said = f"cannot listen on {where}: {error.strerror or error}"
        return misconfigured(said, f"check {variable('health.host')} and {variable('health.port')}")
    return ok(f"{where} is free" if port else "a free one is taken")


def _taken(where: str, there: str | None, queue: str) -> Verdict:
    fix = f"set {variable('health.port')} to a free port"
    if there is None:
        return misconfigured(f"{where} is taken by a program that is no worker of kurun", fix)
    if there != queue:
        return misconfigured(f"{where} is taken by the worker of the task queue {there}", fix)
    return warning(
        f"{where} is taken by a worker of {queue}: right if it is this one, which runs already", f"else {fix}"
    )
