"""Whether the names of hosts are known."""

import socket

from kurun_clients.threads import in_own_thread
from kurun_worker.doctor.checks import Check
from kurun_worker.doctor.places import Place
from kurun_worker.doctor.report import Verdict, failed, ok


def name_check(place: Place) -> Check:
    """Resolves the host of a place, or that of the proxy before it."""
    return Check(name_of(place), lambda: _look(place))


def name_of(place: Place) -> str:
    """What the report calls it."""
    return f"name of {place.title}"


async def _look(place: Place) -> Verdict:
    host, port = place.way
    whose = f"the proxy {host}" if place.proxy else host
    try:
        found = await in_own_thread(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        setting = "HTTPS_PROXY and HTTP_PROXY" if place.proxy else place.variable
        return failed(
            f"{whose} cannot be resolved: {said}",
            f"check {setting}, and the DNS of this machine (/etc/resolv.conf): getent hosts {host}",
        )
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if addresses == [host]:
        return ok(f"{whose} is an address")
    return ok(f"{whose} is {', '.join(addresses[:4])}{' …' if len(addresses) > 4 else ''}")
