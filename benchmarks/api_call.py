"""CPU and wall time of one KuFlow call: this client beside raw aiohttp, interleaved in one run.

Run it with ``python benchmarks/api_call.py [calls]``. The server is another process, so that
only the client is counted.
"""

import asyncio
import multiprocessing
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from uuid import uuid4

import aiohttp

from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_clients.kuflow.models import ProcessItem, ProcessItemCreateParams, ProcessItemType

AT_ONCE = 64
ROUNDS = 5
ITEM = ProcessItem.model_validate(
    {
        "id": str(uuid4()),
        "type": "TASK",
        "processId": str(uuid4()),
        "processItemDefinitionRef": {"id": str(uuid4()), "version": "1", "code": "LOAN_APPLICATION"},
        "task": {"state": "READY", "data": {"valid": True, "value": {f"FIELD_{n}": "x" * 40 for n in range(20)}}},
    }
).to_wire_json()
ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\nx-request-id: 1\r\n\r\n" % len(ITEM)
    + ITEM
)


class _Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, rest = self.received.partition(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )
            if len(rest) < length:
                return
            self.received = rest[length:]
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.write(ANSWER)


def _serve(ready: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


async def _cost(call: Callable[[], Awaitable[ProcessItem]], calls: int) -> tuple[float, float]:
    async def some() -> None:
        for _ in range(calls // AT_ONCE):
            await call()

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    done = calls // AT_ONCE * AT_ONCE
    return (time.process_time() - cpu) / done * 1e6, done / (time.perf_counter() - wall)


async def _measure(port: int, calls: int) -> None:
    endpoint = f"http://127.0.0.1:{port}/v2024-06-14"
    auth = BasicAuth("client", "secret")
    params = ProcessItemCreateParams(
        id=uuid4(), type=ProcessItemType.TASK, process_id=uuid4(), process_item_definition_code="LOAN_APPLICATION"
    )
    async with (
        KuFlowClient(endpoint, auth=auth) as kuflow,
        aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), headers={"authorization": "Basic Y2xpZW50OnNlY3JldA=="}
        ) as session,
    ):

        async def raw_retrieve() -> ProcessItem:
            async with session.get(f"{endpoint}/process-items/{uuid4()}") as response:
                return ProcessItem.model_validate_json(await response.read())

        async def raw_create() -> ProcessItem:
            headers = {"content-type": "application/json"}
            async with session.post(
                f"{endpoint}/process-items", data=params.to_wire_json(), headers=headers
            ) as response:
                return ProcessItem.model_validate_json(await response.read())

        contenders = {
            "retrieve, raw aiohttp + pydantic": raw_retrieve,
            "retrieve, kurun": lambda: kuflow.process_items.retrieve(uuid4()),
            "create, raw aiohttp + pydantic": raw_create,
            "create, kurun": lambda: kuflow.process_items.create(params),
        }
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
        for _ in range(ROUNDS + 1):
            for name, call in contenders.items():
                figures[name].append(await _cost(call, calls))
        for name, runs in figures.items():
            cpu, rate = (statistics.median(run[column] for run in runs[1:]) for column in (0, 1))
            print(f"{name:34} {cpu:7.0f} µs CPU a call {rate:8.0f} calls/s")


def main() -> None:
    """Measure and print."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 4096
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    try:
        asyncio.run(_measure(ours.recv(), calls))
    finally:
        server.kill()
        server.join()


if __name__ == "__main__":
    main()
