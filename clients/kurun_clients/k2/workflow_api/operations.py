"""Everything under /op."""

from urllib.parse import quote

from pydantic_core import from_json

from kurun_clients.http import InvalidRequest
from kurun_clients.k2.workflow_api.arguments import word
from kurun_clients.k2.workflow_api.calls import Calls


class Operations:
    """Operations on the service itself, which K2 reserves for its own use."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def run(self, operation: str = "Refresh") -> str:
        """Run one; ``Refresh`` is the only one known. Returns what K2 says."""
        if operation in {".", ".."}:
            raise InvalidRequest(f"an operation cannot be {operation!r}")
        reply = await self._calls.fetch(f"/op/{quote(word('an operation', operation), safe='')}")
        text = reply.content.decode("utf-8", "replace")
        try:
            said = from_json(reply.content)
        except ValueError:
            return text
        return said if isinstance(said, str) else text
