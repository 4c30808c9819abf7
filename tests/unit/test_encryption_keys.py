"""Keys of KuFlow's key management: read once, kept for a while, never shown."""

import asyncio
import base64
from datetime import timedelta

import pytest
import structlog

from kurun_clients.http import ApiError, ConnectError, InvalidResponse, StatusError
from kurun_clients.kuflow.models import KmsKey
from kurun_worker.clock import SystemClock
from kurun_worker.encryption import InvalidKeyError, Keyring, KeyUnavailableError, UnknownKeyError

SECRET = b"SECRETSECRETSECRETSECRETSECRETSE"
LIFE = timedelta(seconds=100)


class Watch(SystemClock):
    """Steady time that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        """Where the hand stands."""
        return self.seconds


class Source:
    """A key source that counts, waits where it is told to, and refuses where it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: ApiError | None = None
        self.secret = SECRET
        self.open = asyncio.Event()
        self.open.set()

    async def retrieve_key(self, key_id: str) -> KmsKey:
        """Answer."""
        self.asked.append(key_id)
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return KmsKey.model_validate({"id": key_id, "value": base64.b64encode(self.secret).decode()})


def refusal(status: int) -> StatusError:
    """KuFlow's answer with this status, its body quoting a secret."""
    kind = StatusError.kind(status)
    return kind("GET", "https://kuflow.test/kms/keys/k", "/kms/keys/k", status=status, excerpt=SECRET.decode())


@pytest.fixture
def source() -> Source:
    """Answers every key."""
    return Source()


@pytest.fixture
def watch() -> Watch:
    """Time in our hands."""
    return Watch()


@pytest.fixture
def keys(source: Source, watch: Watch) -> Keyring:
    """Three keys at once, each for 100 seconds."""
    return Keyring(source, life=LIFE, size=3, clock=watch)


async def test_a_key_is_read_once_however_many_need_it(keys: Keyring, source: Source) -> None:
    """A worker that starts decrypts a hundred payloads at once."""
    source.open.clear()
    waiting = [asyncio.create_task(keys.cipher("a")) for _ in range(100)]
    await asyncio.sleep(0)
    source.open.set()
    ciphers = await asyncio.gather(*waiting)
    await keys.cipher("a")

    assert source.asked == ["a"]
    assert len(set(ciphers)) == 1


async def test_one_who_stops_waiting_does_not_take_the_key_from_the_others(keys: Keyring, source: Source) -> None:
    """The first to ask may be an activity that is cancelled."""
    source.open.clear()
    first = asyncio.create_task(keys.cipher("a"))
    second = asyncio.create_task(keys.cipher("a"))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    source.open.set()

    assert (await second).decrypt((await keys.cipher("a")).encrypt(b"content")) == b"content"
    assert first.cancelled()
    assert source.asked == ["a"]


async def test_a_key_is_read_again_after_its_time(keys: Keyring, source: Source, watch: Watch) -> None:
    """However often it is used in between: its time does not begin anew with each use."""
    for _ in range(10):
        await keys.cipher("a")
        watch.seconds += 9.9
    assert source.asked == ["a"]

    watch.seconds += 1
    await keys.cipher("a")
    assert source.asked == ["a", "a"]


async def test_a_revoked_key_is_forgotten_at_once(keys: Keyring, source: Source, watch: Watch) -> None:
    """When its time is over and KuFlow does not hand it out again, nothing is encrypted with it any more."""
    await keys.cipher("a")
    watch.seconds += 100
    source.error = refusal(404)

    for _ in range(2):
        with pytest.raises(UnknownKeyError, match="key 'a' is not available: KuFlow answered 404"):
            await keys.cipher("a")

    source.error = None
    await keys.cipher("a")
    assert len(source.asked) == 4, "a refusal is not remembered"


async def test_an_outage_does_not_stop_what_runs(keys: Keyring, source: Source, watch: Watch) -> None:
    """The old key serves on, KuFlow is not asked for each payload, and after twice its time it is over."""
    cipher = await keys.cipher("a")
    source.error = refusal(503)
    watch.seconds += 100
    with structlog.testing.capture_logs() as logs:
        kept = [await keys.cipher("a") for _ in range(50)]
    assert set(kept) == {cipher}
    assert len(source.asked) == 2
    assert [each["key_id"] for each in logs] == ["a"]
    assert SECRET.decode() not in str(logs)

    watch.seconds += 15
    await keys.cipher("a")
    assert len(source.asked) == 3

    watch.seconds += 85
    with pytest.raises(KeyUnavailableError):
        await keys.cipher("a")


@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_a_refused_key_is_unknown(keys: Keyring, source: Source, status: int) -> None:
    """KuFlow has decided."""
    source.error = refusal(status)

    with pytest.raises(UnknownKeyError):
        await keys.cipher("a")


@pytest.mark.parametrize(
    "error",
    [
        refusal(401),
        refusal(429),
        refusal(500),
        ConnectError("GET", "https://kuflow.test/kms/keys/k", "/kms/keys/k", SECRET.decode()),
        InvalidResponse("GET", "https://kuflow.test/kms/keys/k", "/kms/keys/k", SECRET.decode()),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_key_that_cannot_be_had_now_is_no_unknown_key(keys: Keyring, source: Source, error: ApiError) -> None:
    """And what the server said besides does not leave this place, not even as a cause."""
    source.error = error

    with pytest.raises(KeyUnavailableError) as caught:
        await keys.cipher("a")

    assert not isinstance(caught.value, UnknownKeyError)
    assert SECRET.decode() not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("secret", [b"", b"hola", SECRET[:16], SECRET + b"!"])
async def test_a_key_of_another_length_is_refused(keys: Keyring, source: Source, secret: bytes) -> None:
    """It would make ciphertext that nobody else can read."""
    source.secret = secret

    with pytest.raises(InvalidKeyError, match=f"the key has {len(secret)} bytes, not 32"):
        await keys.cipher("a")


async def test_the_number_of_keys_is_limited(keys: Keyring, source: Source) -> None:
    """The one unused for longest goes."""
    for key_id in ["a", "b", "c", "a", "d", "a", "c", "d"]:
        await keys.cipher(key_id)
    assert source.asked == ["a", "b", "c", "d"]

    await keys.cipher("b")
    assert source.asked == ["a", "b", "c", "d", "b"]


async def test_keys_whose_time_is_long_over_are_let_go(keys: Keyring, watch: Watch) -> None:
    """A key does not stay in memory because nobody needs it."""
    await keys.cipher("a")
    watch.seconds += 200
    await keys.cipher("b")

    assert list(keys._kept) == ["b"]


async def test_no_key_is_shown(keys: Keyring) -> None:
    """Neither by what keeps it nor by what uses it."""
    cipher = await keys.cipher("a")
    shown = repr(keys) + repr(keys._kept) + repr(cipher) + repr(vars(keys))

    assert "SECRET" not in shown
    assert base64.b64encode(SECRET).decode() not in shown
