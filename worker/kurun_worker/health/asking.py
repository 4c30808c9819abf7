"""Asking the worker on this machine how it is, as Docker and Kubernetes do every few seconds.

So it imports hardly anything: pydantic, click and an http library would each cost more than the question.
"""

import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, Protocol

OK: Final = 0
NOT_OK: Final = 1
NOT_ASKABLE: Final = 2
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - where to ask, not to listen
_MOST: Final = 256 * 1024
_DEFAULTS: Final = {"host": "127.0.0.1", "port": None, "timeout": 5.0}
_MOST_SETTING: Final = 4096
_MOST_PORT: Final = 65535
_MOST_TIMEOUT: Final = 86400.0
_QUESTIONS: Final = {"--live": "livez", "--ready": "readyz"}


class Asked(Protocol):
    """Settings, as far as they matter here: :class:`kurun_config.Settings`, or what :func:`quick_settings` found."""

    @property
    def health(self) -> Any:
        """Has ``host``, ``port`` and ``timeout``, the latter as a span or in seconds."""


def ask(settings: Asked, question: str, *, json: bool = False) -> int:
    """Ask, print the answer, and return the exit code.

    Args:
        settings: Say where the worker listens.
        question: ``livez`` or ``readyz``.
        json: Print the worker's own JSON instead of lines.

    Returns:
        0: it is so. 1: it is not, or nobody answers. 2: the settings do not say where to ask.
    """
    health = settings.health
    if not health.port:
        said = "health.port is not set" if health.port is None else "health.port is 0, a port that only the log names"
        return _said(NOT_ASKABLE, f"{said}: set KURUN_HEALTH_PORT or --health-port", json=json)
    timeout = health.timeout
    seconds = timeout if isinstance(timeout, int | float) else timeout.total_seconds()
    host = _EVERYWHERE.get(health.host, health.host)
    try:
        status, body = _get(host, health.port, f"/{question}", seconds)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return _said(NOT_OK, f"nobody answers at {host}:{health.port}: {said}", json=json)
    return _told(status, body, json=json)


def whose(host: str, port: int, seconds: float) -> str | None:
    """The task queue of the worker that answers there; ``None`` where none does.

    Args:
        host: Where a worker of these settings would listen.
        port: Its port.
        seconds: How long an answer may take.
    """
    from json import loads  # noqa: PLC0415 - see the module

    try:
        _, body = _get(_EVERYWHERE.get(host, host), port, "/livez", seconds)
        answer = loads(body)
        return str(answer["task_queue"]) if "conditions" in answer else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def asked_quickly(arguments: Sequence[str]) -> int | None:
    """Do the work of ``kurun check --live`` and ``kurun check --ready`` where they come without other options.

    Returns:
        The exit code; ``None`` where it is another command, or one that needs all settings.
    """
    options = set(arguments[1:])
    if list(arguments[:1]) != ["check"] or len(arguments) > 3 or not options <= {*_QUESTIONS, "--json"}:
        return None
    questions = [question for option, question in _QUESTIONS.items() if option in options]
    settings = quick_settings() if len(questions) == 1 else None
    return None if settings is None else ask(settings, questions[0], json="--json" in options)


def quick_settings(file: Path | None = None) -> Asked | None:
    """The settings of health alone, without the libraries that read and check all settings.

    Args:
        file: As for :func:`kurun_config.load`, whose order of sources is kept: environment, secret files, TOML.

    Returns:
        ``None`` where this is not certain to be what :func:`kurun_config.load` would say, which then is to be asked.
    """
    variables = {name.lower(): value for name, value in os.environ.items() if value}
    if "kurun_health" in variables:
        return None
    found: dict[str, Any] = {}
    try:
        for source in (_from_toml(file, variables), _from_secrets(variables), _from_environment(variables)):
            found.update(source)
        values = {**_DEFAULTS, **found}
        port = None if values["port"] is None else int(values["port"])
        health = SimpleNamespace(host=str(values["host"]), port=port, timeout=float(values["timeout"]))
    except (OSError, TypeError, ValueError, OverflowError):
        return None
    if not (port is None or 0 <= port <= _MOST_PORT) or not 0 < health.timeout < _MOST_TIMEOUT:
        return None
    return SimpleNamespace(health=health)


def _from_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    return {name: variables[key] for name in _DEFAULTS if (key := f"kurun_health_{name}") in variables}


def _from_secrets(variables: Mapping[str, str]) -> dict[str, Any]:
    if (folder := variables.get("kurun_secrets_dir")) is None:
        return {}
    found = {}
    for each in Path(folder).iterdir():
        name = each.name.lower().removeprefix("kurun_health_")
        if name in _DEFAULTS and name != each.name.lower():
            with each.open() as content:
                found[name] = content.read(_MOST_SETTING).strip()
    return found


def _from_toml(file: Path | None, variables: Mapping[str, str]) -> dict[str, Any]:
    named = file or variables.get("kurun_config")
    path = Path(named or "kurun.toml")
    if named is None and not path.is_file():
        return {}
    import tomllib  # noqa: PLC0415 - most have no such file

    with path.open("rb") as content:
        section = tomllib.load(content).get("health", {})
    return {name: section[name] for name in _DEFAULTS if name in section}


def _get(host: str, port: int, path: str, seconds: float) -> tuple[int, bytes]:
    """Status and body.

    HTTP/1.0, so that the answer is not chunked and ends with the connection.
    """
    with socket.create_connection((host, port), timeout=seconds) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: application/json\r\n\r\n".encode())
        answer = bytearray()
        while len(answer) < _MOST and (chunk := connection.recv(65536)):
            answer += chunk
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if not head.startswith(b"HTTP/1.") or len(words) < 2:
        raise ValueError("the answer is not http")
    return int(words[1]), body


def _told(status: int, body: bytes, *, json: bool) -> int:
    from json import loads  # noqa: PLC0415 - the name is taken

    try:
        answer = loads(body)
        reasons = [f"{each['name']}: {each['reason']}" for each in answer["conditions"] if not each["ok"]]
        said = str(answer["status"])
    except (ValueError, KeyError, TypeError):
        return _said(NOT_OK, f"who answers is no worker of kurun (HTTP {status})", json=json)
    if json:
        sys.stdout.write(body.decode().strip() + "\n")
    else:
        sys.stdout.write("\n".join([said, *reasons]) + "\n")
    return OK if status == 200 else NOT_OK


def _said(code: int, said: str, *, json: bool) -> int:
    if json:
        from json import dumps  # noqa: PLC0415 - the name is taken

        sys.stdout.write(dumps({"status": "unknown", "conditions": [], "reason": said}) + "\n")
    else:
        sys.stderr.write(f"kurun: {said}\n")
    return code
