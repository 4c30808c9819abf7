"""A worker built on the published SDK as its documentation shows.

Run as ``python -m tests.interop.published.worker INFO``, with what ``kurun dev --info`` wrote.
"""

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

from kuflow_temporal_activity_kuflow import KuFlowActivities
from kuflow_temporal_worker import (
    KuFlowConfig,
    KuFlowTemporalConnection,
    TemporalClientConfig,
    TemporalConfig,
    TemporalWorkerConfig,
)

from tests.interop.published.calls import client
from tests.interop.published.workflows import PublishedAlone, PublishedOnOurs


async def serve(info: dict[str, Any]) -> None:
    """Serve the queue ``published`` until the process is ended: the published SDK has no shutdown."""
    rest = client(info["kuflow"]["endpoint"], info["kuflow"])
    connection = KuFlowTemporalConnection(
        kuflow=KuFlowConfig(rest_client=rest),
        temporal=TemporalConfig(
            client=TemporalClientConfig(target_host=info["engine"]["address"]),
            worker=TemporalWorkerConfig(
                task_queue="published",
                workflows=[PublishedAlone, PublishedOnOurs],
                activities=KuFlowActivities(rest).activities,
            ),
        ),
    )
    await connection.run_worker()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
