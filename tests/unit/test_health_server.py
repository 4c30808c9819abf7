"""The health server: what it serves, and that nothing of the worker's loop holds it up."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
import structlog

from kurun_config import ConfigurationError
from kurun_config.health import HealthSettings
from kurun_worker.health.conditions import Health
from kurun_worker.health.server import MOST_CONNECTIONS, HealthServer
from kurun_worker.health.standstill import MOST_FRAMES

ABOUT = {"task_queue": "loans", "identity": "worker-1", "version": "1.2.3"}


def talk(port: int, request: bytes) -> bytes:
    """Send bytes; everything that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def asked(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    """Status and body."""
    head, _, body = talk(port, f"{method} {path} HTTP/1.0\r\n\r\n".encode()).partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def answer(port: int, path: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON."""
    status, body = asked(port, path)
    return status, json.loads(body)


@pytest.fixture
def health() -> Health:
    """A worker that just began."""
    return Health(ABOUT, max_loop_lag=0.3)


@pytest.fixture
def port(health: Health) -> Iterator[int]:
    """Where it is served."""
    with HealthServer(health, HealthSettings(port=0)) as server:
        yield server.port


def test_a_worker_that_was_never_looked_at_is_alive_and_not_ready(health: Health, port: int) -> None:
    """Serving begins before there is anything to say."""
    health.beat()

    assert answer(port, "/livez")[0] == 200
    status, body = answer(port, "/readyz")
    assert status == 503
    assert body["status"] == "not ready"
    assert body["conditions"][-1]["reason"] == "nothing has been looked at yet"


def test_ready_and_why_not(health: Health, port: int) -> None:
    """Who, the status, and every condition with its reason and since when."""
    health.beat()
    health.note({"token": None, "kuflow": "KuFlow: answers with HTTP 503"})
    status, body = answer(port, "/readyz")
    health.beat()
    health.note({"token": None, "kuflow": None})
    status_after, body_after = answer(port, "/readyz")

    assert (status, status_after) == (503, 200)
    assert {name: body[name] for name in ABOUT} == ABOUT
    assert [(each["name"], each["ok"], each["reason"]) for each in body["conditions"]] == [
        ("loop", True, ""),
        ("token", True, ""),
        ("kuflow", False, "KuFlow: answers with HTTP 503"),
    ]
    assert body_after["status"] == "ready"
    assert all(each["ok"] and each["since"].endswith("+00:00") for each in body_after["conditions"])


def test_a_loop_that_stands_still_is_told_while_it_does(health: Health, port: int) -> None:
    """A loop in another thread blocks: not alive, with the seconds; it turns again: alive."""
    release = threading.Event()

    async def block() -> None:
        health.beat()
        release.wait()
        while not done.is_set():
            health.beat()
            await asyncio.sleep(0.02)

    done = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(block()))
    thread.start()
    try:
        health.note({"token": None})
        deadline = time.monotonic() + 5
        while (told := answer(port, "/livez"))[0] == 200:
            assert time.monotonic() < deadline
        ready = answer(port, "/readyz")
        release.set()
        while answer(port, "/livez")[0] != 200:
            assert time.monotonic() < deadline
    finally:
        release.set()
        done.set()
        thread.join()

    (loop, supervisor) = told[1]["conditions"]
    assert told[1]["status"] == "not alive"
    assert loop["reason"].startswith("the event loop has not turned for 0.")
    assert supervisor["ok"]
    assert ready[0] == 503


def test_a_loop_that_stands_still_is_in_the_log_with_its_place() -> None:
    """Once for each block, with the call that blocks it, and once more when it turns again."""
    release = threading.Event()

    async def blocks_the_loop() -> None:
        health.beat()
        release.wait()
        health.beat()

    def has(event: str) -> bool:
        return any(each["event"] == event for each in lines)

    health = Health(ABOUT, max_loop_lag=0.2)
    thread = threading.Thread(target=lambda: asyncio.run(blocks_the_loop()))
    with (
        structlog.testing.capture_logs() as lines,
        HealthServer(health, HealthSettings(port=0).model_copy(update={"max_loop_lag": timedelta(seconds=0.2)})),
    ):
        thread.start()
        try:
            deadline = time.monotonic() + 5
            while not has("the event loop stands still"):
                assert time.monotonic() < deadline
                time.sleep(0.01)
        finally:
            release.set()
            thread.join()
        while not has("the event loop turns again"):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    told = [each for each in lines if each["event"].startswith("the event loop")]
    assert [each["event"] for each in told[:2]] == ["the event loop stands still", "the event loop turns again"]
    assert any(place.endswith(" blocks_the_loop") for place in told[0]["at"])
    assert len(told[0]["at"]) <= MOST_FRAMES
    assert told[1]["stood_still"] >= 0.1


def test_a_supervisor_that_ended_is_no_life(health: Health, port: int) -> None:
    """Nothing serves the queue then, and something keeps the process; at the end of a drain that is as it should be."""
    health.beat()
    before = answer(port, "/livez")
    health.end()
    after = answer(port, "/livez")
    health.drain()
    drained = answer(port, "/livez")

    assert (before[0], after[0], drained[0]) == (200, 503, 200)
    assert "nothing serves" in after[1]["conditions"][1]["reason"]


def test_draining_is_alive_and_not_ready(health: Health, port: int) -> None:
    """From the signal on, whatever is noted."""
    health.beat()
    health.note({"token": None})
    health.drain()

    assert answer(port, "/livez")[0] == 200
    status, body = answer(port, "/readyz")
    assert (status, body["conditions"][0]["name"]) == (503, "draining")


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET / HTTP/1.0", 404),
        (b"GET /metrics HTTP/1.0", 404),
        (b"POST /livez HTTP/1.0", 405),
        (b"DELETE /readyz HTTP/1.0", 405),
        (b"GET /livez?" + b"x" * 4000 + b" HTTP/1.0", 400),
        (b"GET /livez HTTP/1.0\r\nX-Long: " + b"x" * 8000, 400),
        (b"GET /livez HTTP/1.0" + b"\r\nX-Many: 1" * 100, 400),
        (b"\x16\x03\x01", 400),
    ],
    ids=["root", "metrics", "post", "delete", "long line", "long header", "many headers", "TLS"],
)
def test_nothing_else_is_served(port: int, request_line: bytes, status: int) -> None:
    """Other paths, other methods, and requests beyond the limits are refused."""
    said = talk(port, request_line + b"\r\n\r\n")

    assert int(said.split()[1]) == status


def test_head_has_no_body(health: Health, port: int) -> None:
    """And the same status as GET."""
    health.beat()

    assert asked(port, "/livez", "HEAD") == (200, b"")


def test_a_body_is_not_waited_for(port: int) -> None:
    """A request that announces a large body is answered and cut off."""
    said = talk(port, b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 405")


async def test_metrics_are_made_in_the_servers_thread(health: Health) -> None:
    """They are awaited there, so that a blocked worker can still be measured."""

    async def metrics() -> bytes:
        return threading.current_thread().name.encode()

    with HealthServer(health, HealthSettings(port=0), metrics=metrics) as server:
        said = await asyncio.to_thread(talk, server.port, b"GET /metrics HTTP/1.0\r\n\r\n")

    assert said.endswith(b"\r\n\r\nkurun-health")
    assert b"Content-Type: text/plain; version=0.0.4" in said


async def test_connections_are_limited(port: int) -> None:
    """One too many closes the oldest, so that peers that hold connections cannot shut the others out."""
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MOST_CONNECTIONS + 1)]
    try:
        first = await asyncio.wait_for(held[0][0].read(), 5)
        held[1][1].write(b"GET /livez HTTP/1.0\r\n\r\n")
        second = await asyncio.wait_for(held[1][0].read(), 5)
    finally:
        for _, writer in held:
            writer.close()

    assert first == b""
    assert second.startswith(b"HTTP/1.0 ")


def test_a_taken_port_is_a_wrong_setting(health: Health, port: int) -> None:
    """One line that names the settings to change."""
    with pytest.raises(ConfigurationError) as caught:
        HealthServer(health, HealthSettings(port=port)).start()

    said = str(caught.value)
    assert said.startswith(f"health.port: 127.0.0.1:{port} cannot be listened on: Address already in use: ")
    assert "KURUN_HEALTH_PORT" in said
    assert "\n" not in said


def test_an_unknown_host_is_a_wrong_setting(health: Health) -> None:
    """It is told before the worker starts."""
    with pytest.raises(ConfigurationError, match=r"192\.0\.2\.1:0 cannot be listened on"):
        HealthServer(health, HealthSettings(host="192.0.2.1", port=0)).start()


@pytest.mark.parametrize("host", ["a..b", "a" * 64])
def test_a_host_that_cannot_be_one_is_a_wrong_setting(health: Health, host: str) -> None:
    """The start ends with it, and waits for nothing."""
    ended: Future[str] = Future()

    def start() -> None:
        try:
            HealthServer(health, HealthSettings(host=host, port=0)).start()
        except ConfigurationError as error:
            ended.set_result(str(error))

    threading.Thread(target=start, daemon=True).start()

    assert ended.result(timeout=5).startswith(f"health.port: {host}:0 cannot be listened on: this is no name")
