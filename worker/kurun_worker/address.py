"""Where this worker stands in the network."""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

UNKNOWN = "0.0.0.0"  # noqa: S104 - a text for the catalogue, nothing binds to it
_PORTS = {"http": 80, "https": 443}


async def local_ip(endpoint: str) -> str:
    """The local address from which ``endpoint`` is reached; ``0.0.0.0`` when there is no way to it.

    Connecting a datagram socket only asks the routing table; nothing is sent.

    Args:
        endpoint: URL of the KuFlow API.
    """
    parts = urlsplit(endpoint)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            parts.hostname, parts.port or _PORTS.get(parts.scheme, 443), type=socket.SOCK_DGRAM
        )
    except OSError:
        return UNKNOWN
    for family, kind, _, _, target in found:
        try:
            with socket.socket(family, kind) as probe:
                probe.connect(target)
                return catalogue_form(probe.getsockname()[0])
        except OSError:
            continue
    return UNKNOWN


def catalogue_form(address: str) -> str:
    """An address within KuFlow's limit of 7 to 40 characters: without zone, and written out where it is shorter."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return str(ip) if len(str(ip)) >= 7 else ip.exploded
