"""The Temporal server behind the gateway: started here, or one that is there already."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import grpc.aio
from temporalio.client import Client

from kurun_twin.engine.errors import EngineError
from kurun_twin.engine.temporal_server import TemporalServer, TemporalServerOptions
from kurun_twin.engine.upstream import open_channel, register_search_attribute, wait_until_ready
from kurun_twin.options import TwinOptions

_PATIENCE = 5.0  # for a server that should be running already


@dataclass(frozen=True)
class Backing:
    """Temporal, ready, and the ways to it that lead past the gateway.

    Attributes:
        address: ``host:port`` of its frontend, without TLS.
        channel: Passes the gateway's bytes.
        client: Sends what the platform decides.
        server: The process, if it is ours.
    """

    address: str
    channel: grpc.aio.Channel
    client: Client
    server: TemporalServer | None


@asynccontextmanager
async def backing(options: TwinOptions, lock: int, progress: Callable[[str], None]) -> AsyncIterator[Backing]:
    """Start Temporal, or find the one given, for as long as the block runs.

    Args:
        options: What the twin is told.
        lock: Descriptor that holds the data directory; a server of ours holds it too.
        progress: Told in a few words what is being done.

    Raises:
        ConfigurationError: There is no Temporal program here.
        EngineError: It does not start or answer.
    """
    async with AsyncExitStack() as stack:
        server = None
        if options.temporal_address is None:
            progress("starting Temporal")
            server = await _started(options, lock, stack)
        address = server.address if server else str(options.temporal_address)
        channel = open_channel(address)
        stack.push_async_callback(channel.close)
        if server is None:
            progress(f"looking for Temporal at {address}")
            await wait_until_ready(channel, options.namespace, _PATIENCE)
            await register_search_attribute(channel, options.namespace)
        yield Backing(address, channel, await _client(address, options.namespace), server)


async def _started(options: TwinOptions, lock: int, stack: AsyncExitStack) -> TemporalServer:
    server = TemporalServer(
        TemporalServerOptions(
            folder=options.data_dir,
            namespace=options.namespace,
            port=options.temporal_port,
            ui_port=options.ui_port,
            inherited=(lock,),
        )
    )
    stack.push_async_callback(server.stop)
    await server.start()
    return server


async def _client(address: str, namespace: str) -> Client:
    try:
        return await Client.connect(address, namespace=namespace)
    except RuntimeError as error:
        raise EngineError(f"the Temporal server at {address} cannot be used: {error}") from None
