"""The little of KuFlow's API that the robot needs, with the standard library alone."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlencode
from urllib.request import Request, urlopen

from statement_summary.problems import RobotProblem

SECONDS = 60
MAX_BYTES = 50 * 1024 * 1024


def get(path: str, **query: str) -> bytes:
    """What the API answers to a GET.

    Raises:
        RobotProblem: It refused or could not be reached.
    """
    endpoint = os.environ["KUFLOW_API_ENDPOINT"].rstrip("/")
    address = f"{endpoint}{path}" + (f"?{urlencode(query)}" if query else "")
    request = Request(address, headers={"Authorization": f"Bearer {_token()}"})  # noqa: S310 - the worker names it
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - as above
            content: bytes = answer.read(MAX_BYTES + 1)
    except HTTPError as error:
        raise RobotProblem(f"KuFlow answered GET {path} with {error.code}") from error
    except (URLError, OSError) as error:
        raise RobotProblem(f"KuFlow cannot be reached: {error}") from error
    if len(content) > MAX_BYTES:
        raise RobotProblem(f"GET {path} brings more than {MAX_BYTES} bytes")
    return content


def get_json(path: str, **query: str) -> Any:
    """As :func:`get`, read as JSON."""
    return json.loads(get(path, **query))


def fields_of_reference(reference: str) -> Mapping[str, str]:
    """What a ``kuflow-file:`` reference says: ``uri``, ``type``, ``size`` and ``name`` of a document."""
    pairs = (part.partition("=") for part in reference.removeprefix("kuflow-file:").split(";") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _token() -> str:
    """The token that is good now: the file is kept fresh while the robot runs, the variable is not."""
    file = os.environ.get("KUFLOW_API_TOKEN_FILE")
    token = Path(file).read_text(encoding="ascii") if file else os.environ.get("KUFLOW_API_TOKEN")
    if not token:
        raise RobotProblem("there is no KUFLOW_API_TOKEN: see the robot's README")
    return token.strip()
