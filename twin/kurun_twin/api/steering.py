"""The twin's own operations: what it is told to do wrong, and what it counted. For applications only."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api import parameters
from kurun_twin.api.operations import Api, Operation, caller
from kurun_twin.api.responses import json_response
from kurun_twin.platform.refusals import Forbidden
from kurun_twin.scenario import ScenarioBody

_MAX_BODY = 4096


class SecretRotation(BaseModel):
    """How an application gets another secret.

    Attributes:
        keep_old: Seconds for which the secret before it stays good too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep_old: Annotated[float, Field(ge=0, le=3600)] = 0


async def put_scenario(api: Api, request: Request) -> Response:
    """Put these rules in force."""
    _only_applications(request)
    wanted = await parameters.body(request, ScenarioBody, api.platform.options.max_body)
    api.scenario.replace(wanted.rules, seed=wanted.seed)
    return json_response(api.scenario.snapshot())


async def get_scenario(api: Api, request: Request) -> Response:
    """The rules in force and how often each was met."""
    _only_applications(request)
    return json_response(api.scenario.snapshot())


async def delete_scenario(api: Api, request: Request) -> Response:
    """Behave again."""
    _only_applications(request)
    api.scenario.clear()
    return Response(status_code=204)


async def get_figures(api: Api, request: Request) -> Response:
    """Everything counted since the start."""
    _only_applications(request)
    return json_response(api.platform.figures.snapshot())


async def post_secret(api: Api, request: Request) -> Response:
    """Give the calling application another secret."""
    _only_applications(request)
    wanted = await parameters.body(request, SecretRotation, _MAX_BODY)
    renewed = (await api.platform.rotate_secret(caller(request), wanted.keep_old)).credentials
    return json_response({"client_id": renewed.client_id, "client_secret": renewed.client_secret})


def _only_applications(request: Request) -> None:
    if not caller(request).is_application:
        raise Forbidden("only applications may steer the twin")


OPERATIONS = [
    Operation("putScenario", "PUT", "/_twin/scenario", put_scenario),
    Operation("getScenario", "GET", "/_twin/scenario", get_scenario),
    Operation("deleteScenario", "DELETE", "/_twin/scenario", delete_scenario),
    Operation("postSecret", "POST", "/_twin/secret", post_secret),
    Operation("getFigures", "GET", "/_twin/figures", get_figures),
]
