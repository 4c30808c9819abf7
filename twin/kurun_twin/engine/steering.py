"""``PUT /_twin/engine``: makes the gateway misbehave, beside the scenario that does so for the HTTP API."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kurun_twin.api import parameters
from kurun_twin.api.operations import caller
from kurun_twin.engine.gateway import EngineGateway
from kurun_twin.platform.refusals import Forbidden

_MAX_BODY = 4096


class EngineMisbehaviour(BaseModel):
    """What the gateway is told.

    Attributes:
        refuse: Refuse every token for this many seconds; 0 ends it.
        cut: Break every connection now.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    refuse: Annotated[float, Field(ge=0, le=3600)] | None = None
    cut: bool = False


def engine_route(gateway: EngineGateway) -> Route:
    """The operation, for applications only."""

    async def put(request: Request) -> Response:
        if not caller(request).is_application:
            raise Forbidden("only applications may steer the twin")
        wanted = await parameters.body(request, EngineMisbehaviour, _MAX_BODY)
        if wanted.refuse is not None:
            gateway.refuse(wanted.refuse)
        if wanted.cut:
            await gateway.cut()
        return Response(status_code=204)

    return Route("/_twin/engine", put, methods=["PUT"])
