"""The twin's own operations: what it is told to do wrong, and what it counted. For applications only."""

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api import parameters
from kurun_twin.api.operations import Api, Operation, caller
from kurun_twin.api.responses import json_response
from kurun_twin.platform.refusals import Forbidden
from kurun_twin.scenario import ScenarioBody


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


def _only_applications(request: Request) -> None:
    if not caller(request).is_application:
        raise Forbidden("only applications may steer the twin")


OPERATIONS = [
    Operation("putScenario", "PUT", "/_twin/scenario", put_scenario),
    Operation("getScenario", "GET", "/_twin/scenario", get_scenario),
    Operation("deleteScenario", "DELETE", "/_twin/scenario", delete_scenario),
    Operation("getFigures", "GET", "/_twin/figures", get_figures),
]
