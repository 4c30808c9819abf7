"""Answers of JSON."""

from collections.abc import Mapping

from pydantic_core import to_json
from starlette.responses import Response

from kurun_twin.platform.json_data import JsonObject


def json_response(body: JsonObject, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON object."""
    return Response(to_json(body), status, headers, "application/json")


def created_response(body: JsonObject, created: bool, headers: Mapping[str, str] | None = None) -> Response:
    """201 for something new, 200 for what was there before."""
    return json_response(body, 201 if created else 200, headers)
