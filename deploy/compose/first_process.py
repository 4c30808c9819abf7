"""A person's part of the first process: start it, fill in the task, read the answer.

Run as ``python first_process.py INFO``, where INFO is the file that ``kurun dev --info`` wrote.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_clients.kuflow.models import JsonValue, ProcessCreateParams, ProcessItemPageItem, ProcessItemType

PATIENCE = 60.0


async def main(info: dict[str, Any]) -> None:
    """Play Ada, who asks for three days of leave."""
    ada = info["users"][0]
    async with KuFlowClient(
        info["kuflow"]["endpoint"], auth=BasicAuth(ada["client_id"], ada["client_secret"])
    ) as kuflow:

        async def items(kind: ProcessItemType) -> list[ProcessItemPageItem]:
            return list((await kuflow.process_items.find(process_id=[process.id], type=[kind])).content)

        definition = UUID(info["process_definitions"][0]["id"])
        process = await kuflow.processes.create(ProcessCreateParams(process_definition_id=definition))
        print(f"started process {process.id}")  # noqa: T201
        task = await first(lambda: items(ProcessItemType.TASK))
        await kuflow.process_items.claim(task.id)
        await kuflow.process_items.update_data(task.id, JsonValue.of({"days": 3}))
        await kuflow.process_items.complete(task.id)
        print("completed its task")  # noqa: T201
        answer = await kuflow.process_items.retrieve((await first(lambda: items(ProcessItemType.MESSAGE))).id)
        print(answer.message.text if answer.message else "")  # noqa: T201


async def first(find: Callable[[], Awaitable[list[ProcessItemPageItem]]]) -> ProcessItemPageItem:
    """The first item that there is, as soon as there is one."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await find()):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    return found[0]


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
