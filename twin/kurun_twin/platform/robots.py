"""Robots and their files, as the definitions file names them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid5

from kurun_twin.definitions import Definitions, RobotDefinition
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.listings import listed
from kurun_twin.platform.paging import PageRequest
from kurun_twin.platform.refusals import NotFound

_SORT = {"createdAt": lambda each: each["createdAt"], "lastModifiedAt": lambda each: each["lastModifiedAt"]}


@dataclass(frozen=True)
class RobotFile:
    """A file to send; ``sha256`` in hexadecimal digits."""

    path: Path
    name: str
    size: int
    sha256: str


class Robots:
    """Reading robots. Everything here reads files, so none of it belongs on the event loop."""

    def __init__(self, definitions: Definitions, audit: JsonObject) -> None:
        self._robots = {str(each.id): each for each in definitions.robots}
        self._tenant_id = str(definitions.tenant.id)
        self._audit = audit
        self._hashed: dict[Path, tuple[tuple[int, int], RobotFile]] = {}

    def find(self, tenant_ids: Sequence[str], only_ready: bool, page: PageRequest) -> JsonObject:
        """A page of robots."""
        ours = not tenant_ids or self._tenant_id in tenant_ids
        chosen = [self._body(each) for each in self._robots.values() if ours and (each.ready or not only_ready)]
        return listed(chosen, page, _SORT, _entry)

    def retrieve(self, robot_id: str) -> JsonObject:
        """The whole robot."""
        return self._body(self._existing(robot_id))

    def source_code(self, robot_id: str) -> RobotFile:
        """The robot's package."""
        return self._file(self._existing(robot_id).source_file)

    def asset(self, robot_id: str, wanted: tuple[str, str, str, str]) -> RobotFile:
        """The asset of this type, version, platform and architecture.

        Raises:
            NotFound: The robot is unknown or has no such asset.
        """
        for asset in self._existing(robot_id).assets:
            if (asset.type, asset.version, asset.platform, asset.architecture) == wanted:
                return self._file(asset.file)
        raise NotFound(f"the robot has no asset {' '.join(wanted)}")

    def _existing(self, robot_id: str) -> RobotDefinition:
        found = self._robots.get(robot_id)
        if found is None:
            raise NotFound(f"there is no robot {robot_id}")
        return found

    def _body(self, robot: RobotDefinition) -> JsonObject:
        source = self._file(robot.source_file)
        body: JsonObject = {
            **self._audit,
            "id": str(robot.id),
            "code": robot.code,
            "name": robot.name,
            "sourceType": robot.source_type,
            "sourceFile": {
                "id": str(uuid5(robot.id, "source-file")),
                "name": source.name,
                "contentType": robot.content_type,
                "contentLength": source.size,
                "contentHash": source.sha256,
            },
            "environmentVariables": dict(robot.environment_variables),
            "tenantId": self._tenant_id,
        }
        return body if robot.description is None else {**body, "description": robot.description}

    def _file(self, path: Path) -> RobotFile:
        """The file as it is now: a robot may be built anew while the twin runs."""
        try:
            status = path.stat()
            mark = (status.st_mtime_ns, status.st_size)
            known = self._hashed.get(path)
            if known is None or known[0] != mark:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                known = self._hashed[path] = (mark, RobotFile(path, path.name, status.st_size, digest))
        except OSError:
            raise NotFound(f"the file {path.name} of the robot is gone") from None
        return known[1]


def _entry(robot: JsonObject) -> JsonObject:
    return {name: value for name, value in robot.items() if name != "environmentVariables"}
