"""Whether the port of the health checks is free."""

import errno
import socket

from kurun_config import variable
from kurun_config.health import HealthSettings
from kurun_worker.doctor.checks import Check
from kurun_worker.doctor.report import Verdict, misconfigured, ok, warning
from kurun_worker.health.looks import in_own_thread


def health_checks(settings: HealthSettings) -> list[Check]:
    """None where nothing is served."""
    if settings.port is None:
        return []
    host, port = settings.host, settings.port
    return [Check("port of health checks", lambda: in_own_thread(lambda: look(host, port)))]


def look(host: str, port: int) -> Verdict:
    """Listen there for a moment."""
    where = f"{host}:{port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(found[0], socket.SOCK_STREAM) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(found[4])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            said = f"{where} is taken; that is right if this worker runs already"
            return warning(
                said, f"else set {variable('health.port')} to a free port; `kurun check --live` asks who is there"
            )
        said = f"cannot listen on {where}: {error.strerror or error}"
        return misconfigured(said, f"check {variable('health.host')} and {variable('health.port')}")
    return ok(f"{where} is free" if port else "a free one is taken")
