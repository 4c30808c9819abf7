"""The group Robot."""

import asyncio
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api import parameters
from kurun_twin.api.files import FileDownload
from kurun_twin.api.operations import Api, Operation
from kurun_twin.api.responses import json_response
from kurun_twin.platform.robots import RobotFile


class FilterContext(StrEnum):
    """Which robots are wanted: those ready to run, or all."""

    READY = "READY"
    DEFAULT = "DEFAULT"


class AssetType(StrEnum):
    """What an asset is."""

    PYTHON = "PYTHON"
    PYTHON_PIP = "PYTHON_PIP"
    NODEJS = "NODEJS"


class AssetPlatform(StrEnum):
    """Which system an asset is for."""

    WINDOWS = "WINDOWS"
    MAC_OS = "MAC_OS"
    LINUX = "LINUX"


class AssetArchitecture(StrEnum):
    """Which processor an asset is for."""

    X86_32 = "X86_32"
    X86_64 = "X86_64"


async def find_robots(api: Api, request: Request) -> Response:
    """A page of robots."""
    only_ready = parameters.choice(request, "filterContext", FilterContext) is FilterContext.READY
    tenant_ids, page = parameters.ids(request, "tenantId"), parameters.page(request)
    return json_response(await asyncio.to_thread(api.platform.robots.find, tenant_ids, only_ready, page))


async def retrieve_robot(api: Api, request: Request) -> Response:
    """The whole robot."""
    return json_response(await asyncio.to_thread(api.platform.robots.retrieve, parameters.path_id(request)))


async def download_source_code(api: Api, request: Request) -> Response:
    """Send its package."""
    file = await asyncio.to_thread(api.platform.robots.source_code, parameters.path_id(request))
    return _sent(api, request, file)


async def download_asset(api: Api, request: Request) -> Response:
    """Send one of its assets."""
    robot_id = parameters.path_id(request)
    wanted = (
        parameters.required_choice(request, "type", AssetType).value,
        parameters.required(request, "version"),
        parameters.required_choice(request, "platform", AssetPlatform).value,
        parameters.required_choice(request, "architecture", AssetArchitecture).value,
    )
    return _sent(api, request, await asyncio.to_thread(api.platform.robots.asset, robot_id, wanted))


def _sent(api: Api, request: Request, file: RobotFile) -> Response:
    etag = f'"{file.sha256}"'
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": etag})
    api.platform.figures.count("robot_files")
    return FileDownload(file.path, file.name, sha256=file.sha256)


OPERATIONS = [
    Operation("findRobots", "GET", "/robots", find_robots),
    Operation("retrieveRobot", "GET", "/robots/{id}", retrieve_robot),
    Operation("downloadRobotSourceCode", "GET", "/robots/{id}/~actions/download-source-code", download_source_code),
    Operation("downloadRobotAsset", "GET", "/robots/{id}/~actions/download-asset", download_asset),
]
