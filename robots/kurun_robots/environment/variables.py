"""Which of the worker's variables the makers of an environment get: how to reach package indexes, and no more."""

import os
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

_SEARCHED: Final = "/usr/local/bin:/usr/bin:/bin"
_NETWORK: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
_INDEXES: Final = ("UV_", "PIP_")
_PERSONAL: Final = ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "NETRC", "SSL_CLIENT_CERT")
# What uv is told otherwise, or what would send its work elsewhere.
_OURS: Final = (
    "UV_CACHE_DIR",
    "UV_LINK_MODE",
    "UV_NO_CACHE",
    "UV_OFFLINE",
    "UV_PROJECT",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "UV_PYTHON_DOWNLOADS",
    "UV_SYSTEM_PYTHON",
    "UV_TARGET",
    "UV_WORKING_DIR",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_TARGET",
    "PIP_USER",
)
_SECRET: Final = re.compile(r"PASSWORD|USERNAME|TOKEN|SECRET|API_KEY|CREDENTIAL|PUBLISH|CLIENT_CERT|HEADER")
_NOT_SECRET: Final = ("USERNAME", "CERT", "URL")
# As in `https://user:password@host`, and in a proxy's `user:password@host`.
_LOGIN: Final = re.compile(r"(://|^)([^\s/?#:]+)?(?::([^\s/?#]*))?@")


def reaching_indexes(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables for uv as it builds: proxies, certificates, and this machine's package indexes with their logins."""
    kept = {name: value for name, value in given.items() if _is_of_network(name) or name.startswith(_INDEXES)}
    for name in _OURS:
        kept.pop(name, None)
    return {**kept, "PATH": _SEARCHED, "LANG": "C.UTF-8", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def without_logins(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables for code that comes with a package: as :func:`reaching_indexes`, without any user or password."""
    return {
        name: _LOGIN.sub(r"\1", value)
        for name, value in reaching_indexes(given).items()
        if _SECRET.search(name.upper()) is None
    }


def logins(given: Mapping[str, str] = os.environ) -> frozenset[str]:
    """What is secret in the variables that lead to indexes and proxies, as it is written and as it is meant."""
    found: set[str] = set()
    for name, value in given.items():
        if not _is_of_network(name) and not name.startswith(_INDEXES):
            continue
        if _SECRET.search(name.upper()) is not None and not name.upper().endswith(_NOT_SECRET):
            found.add(value)
        for login in _LOGIN.finditer(value):
            secret = login[3] or login[2] or ""  # a token stands alone, in the place of a user
            found |= {secret, unquote(secret)}
    return frozenset(found - {""})


def of_uv(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables for uv itself, which also reads the configuration and the logins of the worker's user."""
    personal = {name: given[name] for name in _PERSONAL if name in given}
    searched = given.get("PATH", _SEARCHED)
    return {**reaching_indexes(given), **personal, "PATH": searched}


def _is_of_network(name: str) -> bool:
    return name.upper() in _NETWORK
