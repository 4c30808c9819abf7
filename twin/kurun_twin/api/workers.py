"""The group Worker."""

import math

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api import parameters
from kurun_twin.api.operations import Api, Operation, caller
from kurun_twin.api.responses import created_response
from kurun_twin.platform.requests import WorkerCreate


async def create_worker(api: Api, request: Request) -> Response:
    """Register a worker and say when it is to register again."""
    platform = api.platform
    wanted = await parameters.body(request, WorkerCreate, platform.options.max_body)
    worker, created = await platform.database.run(platform.workers.register, caller(request), wanted)
    platform.figures.count("registrations")
    window = max(1, math.ceil(platform.options.delay_window.total_seconds()))
    return created_response(worker, created, {"x-kf-delay-window": str(window)})


OPERATIONS = [Operation("createWorker", "POST", "/workers", create_worker)]
