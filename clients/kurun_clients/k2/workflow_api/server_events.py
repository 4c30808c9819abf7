"""Everything under /serverEvents."""

from kurun_clients.k2.fields import FieldChanges, body, written
from kurun_clients.k2.serial_numbers import SerialNumber
from kurun_clients.k2.workflow_api.calls import Calls
from kurun_clients.k2.workflow_api.models import ServerEvent


class ServerEvents:
    """Asynchronous server events: steps of workflows that wait for somebody outside."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def retrieve(self, serial: str | SerialNumber) -> ServerEvent:
        """A server event that is still waiting."""
        return await self._calls.read(ServerEvent, _path(serial))

    async def finish(self, serial: str | SerialNumber, changes: FieldChanges | None = None) -> None:
        """Let the workflow go on. The caller needs the Server Event right.

        Args:
            serial: The event.
            changes: Fields to write with it.
        """
        await self._calls.change(_path(serial, "/finish"), body(written(changes or FieldChanges())))


def _path(serial: str | SerialNumber, below: str = "") -> str:
    return f"/serverEvents/{SerialNumber(serial)}{below}"
