"""NTLM and Negotiate against a real server's side of the handshake, bound to each connection."""

import asyncio
from base64 import b64decode, b64encode
from pathlib import Path

import httpx2
import pytest
import spnego
from spnego.exceptions import SpnegoError

from kurun_clients.k2.errors import AuthenticationRefused, Temporary, UnknownOutcome
from kurun_clients.k2.services import NegotiateAuth, ServicesClient
from tests.unit.loopback import Peer, Received, Script, hang_up, serving

ANSWER = b"<string>K2:ACME\\bob</string>"
PASSWORD = "secret"
SCHEMES = ["NTLM", "Negotiate"]


@pytest.fixture(autouse=True)
def _accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "accounts"
    file.write_text("ACME:bob:secret\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(file))


Acted = list[str]


def _guarded(scheme: str, acted: Acted, then: Script | None = None) -> Script:
    """Connections that act only once they are authenticated, as IIS guards them."""

    async def script(peer: Peer) -> None:
        context: spnego.ContextProxy | None = None
        known = False
        while True:
            request = await peer.receive()
            if not known:
                context = context or spnego.server(hostname="127.0.0.1", service="HTTP", protocol=scheme.lower())
                challenge, known = _next(context, request, scheme)
                if not known:
                    context = context if challenge else None
                    offer = f"{scheme} {b64encode(challenge).decode()}".strip()
                    await peer.answer(401, b"<html>401</html>", www_authenticate=offer)
                    continue
            acted.append(f"{request.method} {request.target} {request.body.decode()}")
            if then is not None:
                await then(peer)
            await peer.answer(200, ANSWER, content_type="text/xml")

    return script


def _next(context: spnego.ContextProxy, request: Received, scheme: str) -> tuple[bytes, bool]:
    name, _, token = request.headers.get("authorization", "").partition(" ")
    if name != scheme:
        return b"", False
    try:
        answer = context.step(b64decode(token))
    except SpnegoError:
        return b"", False
    return answer or b"", context.complete


def _client(url: str, scheme: str, password: str = PASSWORD) -> ServicesClient:
    auth = NegotiateAuth("ACME\\bob", password, scheme="NTLM" if scheme == "NTLM" else "Negotiate")
    return ServicesClient(f"{url}/K2Services", auth=auth, timeout=httpx2.Timeout(5))


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_handshake_authenticates_the_connection(scheme: str) -> None:
    """One connection, three requests for the first call and one for each further; each call acts once."""
    acted: Acted = []
    async with serving(_guarded(scheme, acted)) as server, _client(server.url, scheme) as k2:
        who = [await k2.core.who_am_i() for _ in range(3)]
        await k2.worklist.execute_action("1_2", "Approve")

    assert ["K2:ACME\\bob"] * 3 == who
    assert (1, 6, 4) == (server.connections, len(server.received), len(acted))
    assert acted[-1].startswith("POST /K2Services/REST.svc/Worklist/Items/ExecuteAction?action=Action%3AApprove <?xml")


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_calls_at_the_same_time_do_not_break_a_handshake(scheme: str) -> None:
    """Twenty calls at once share the connection in turn: no handshake is interrupted, none acts twice."""
    acted: Acted = []
    async with serving(_guarded(scheme, acted)) as server, _client(server.url, scheme) as k2:
        await asyncio.gather(*(k2.worklist.execute(f"{number}_1", "Approve") for number in range(20)))

    assert (1, 1, 22) == (server.connections, server.most_at_once, len(server.received))
    assert (20, 20) == (len(acted), len(set(acted)))


async def test_a_new_connection_is_authenticated_anew() -> None:
    """When the server has ended the connection, the next call makes its own handshake."""
    acted: Acted = []

    async def over(peer: Peer) -> None:
        await peer.answer(200, ANSWER, content_type="text/xml", connection="close")
        raise ConnectionResetError

    async with serving(_guarded("NTLM", acted, over)) as server, _client(server.url, "NTLM") as k2:
        who = [await k2.core.who_am_i() for _ in range(2)]

    assert ["K2:ACME\\bob"] * 2 == who
    assert (2, 6, 2) == (server.connections, len(server.received), len(acted))


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_wrong_password(scheme: str) -> None:
    """The server's refusal is the answer, after one handshake; nothing is acted on and the next call can go on."""
    acted: Acted = []
    async with serving(_guarded(scheme, acted)) as server, _client(server.url, scheme, "wrong") as k2:
        for _ in range(2):
            with pytest.raises(AuthenticationRefused, match=r"check k2\.user and k2\.password .*401"):
                await k2.worklist.execute("1_2", "Approve")

    assert ([], 6) == (acted, len(server.received))


async def test_another_scheme_is_not_answered() -> None:
    """A server that offers Basic alone never sees a token."""

    async def basic(peer: Peer) -> None:
        while True:
            await peer.receive()
            await peer.answer(401, b"", www_authenticate='Basic realm="K2"')

    async with serving(basic) as server, _client(server.url, "NTLM") as k2:
        with pytest.raises(AuthenticationRefused):
            await k2.core.who_am_i()

    assert [False] == ["authorization" in request.headers for request in server.received]


@pytest.mark.parametrize("token", ["bm9uc2Vuc2U=", "%%%"])
async def test_a_challenge_that_is_none(token: str) -> None:
    """Nonsense in place of a challenge is a refusal, not a crash, and does not go on for ever."""

    async def nonsense(peer: Peer) -> None:
        while True:
            request = await peer.receive()
            offer = f"NTLM {token}" if "authorization" in request.headers else "NTLM"
            await peer.answer(401, b"", www_authenticate=offer)

    async with serving(nonsense) as server, _client(server.url, "NTLM") as k2:
        with pytest.raises(AuthenticationRefused):
            await k2.core.who_am_i()

    assert len(server.received) == 2


async def test_a_connection_that_breaks_after_the_handshake() -> None:
    """The request with the last token may have been acted on: its outcome is unknown, and it is not repeated."""
    acted: Acted = []
    async with serving(_guarded("NTLM", acted, hang_up)) as server, _client(server.url, "NTLM") as k2:
        with pytest.raises(UnknownOutcome):
            await k2.worklist.execute("1_2", "Approve")

    assert (1, 3) == (len(acted), len(server.received))


async def test_waiting_for_the_connection_ends() -> None:
    """A call that does not get its turn in time was never sent: temporary."""
    began = asyncio.Event()

    async def silent(peer: Peer) -> None:
        await peer.receive()
        began.set()
        await peer.until_gone()

    auth = NegotiateAuth("ACME\\bob", "secret")
    timeout = httpx2.Timeout(5, pool=0.05)
    async with serving(silent) as server, ServicesClient(server.url, auth=auth, timeout=timeout, retries=0) as k2:
        first = asyncio.create_task(k2.core.who_am_i())
        await began.wait()
        with pytest.raises(Temporary, match=r"0\.05 s"):
            await k2.worklist.execute("1_2", "Approve")
        first.cancel()

    assert len(server.received) == 1


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_new_password_is_tried_where_the_old_one_is_refused(scheme: str) -> None:
    """The password was changed while the client runs: the call acts once, after a second handshake."""
    acted: Acted = []
    auth = NegotiateAuth("ACME\\bob", "wrong", scheme="NTLM" if scheme == "NTLM" else "Negotiate")

    async def look() -> None:
        auth.change("ACME\\bob", PASSWORD)

    auth.when_refused = look
    async with (
        serving(_guarded(scheme, acted)) as server,
        ServicesClient(f"{server.url}/K2Services", auth=auth, timeout=httpx2.Timeout(5)) as k2,
    ):
        await k2.worklist.execute("1_2", "Approve")

    assert (1, 6) == (len(acted), len(server.received))


async def test_others_go_on_while_a_refused_call_waits_for_newer_credentials() -> None:
    """The connection is theirs meanwhile; what the refusal said is told all the same."""
    looks, go_on = asyncio.Event(), asyncio.Event()

    async def first_refused(peer: Peer) -> None:
        await peer.receive()
        await peer.answer(401, b"locked out", content_type="text/plain")
        while True:
            await peer.receive()
            await peer.answer(200, ANSWER, content_type="text/xml")

    async def look() -> None:
        looks.set()
        await go_on.wait()

    auth = NegotiateAuth("ACME\\bob", PASSWORD)
    auth.when_refused = look
    timeout = httpx2.Timeout(5, pool=0.5)
    async with serving(first_refused) as server, ServicesClient(server.url, auth=auth, timeout=timeout) as k2:
        refused = asyncio.create_task(k2.worklist.execute("1_2", "Approve"))
        await looks.wait()
        who = await k2.core.who_am_i()
        go_on.set()
        with pytest.raises(AuthenticationRefused, match="locked out"):
            await refused

    assert (who, server.connections) == ("K2:ACME\\bob", 1)
