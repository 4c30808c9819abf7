"""Keys of KuFlow's key management, read once and kept for a while."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import structlog

from kurun_clients.http import ApiError, BadRequest, Forbidden, InvalidRequest, NotFound, StatusError
from kurun_clients.kuflow.models import KmsKey
from kurun_worker.clock import SYSTEM_CLOCK, Clock
from kurun_worker.encryption.ciphers import Cipher
from kurun_worker.encryption.errors import InvalidKeyError, KeyUnavailableError, UnknownKeyError

log = structlog.get_logger(__name__)

REFUSALS = (BadRequest, Forbidden, InvalidRequest, NotFound)
GONE = 410
PAUSE = 15.0
"""Seconds until a key that could not be read again is asked for once more."""


class KeySource(Protocol):
    """Where keys come from; ``KuFlowClient.kms`` is one."""

    async def retrieve_key(self, key_id: str) -> KmsKey:
        """The key with this id.

        Raises:
            ApiError: There is none, or it cannot be had now.
        """


@dataclass
class _Kept:
    cipher: Cipher = field(repr=False)
    due: float
    end: float


class Keyring:
    """The keys in use.

    A key is read when it is first needed, once however many ask for it, and read again when its time is over. If KuFlow
    cannot be reached then, the old key serves at most for the same time once more; if KuFlow refuses it, it is
    forgotten at once.

    Args:
        source: Where keys come from.
        life: How long a key is used before it is read again.
        size: How many keys are kept; the one unused for longest goes first.
        clock: Where time comes from.
    """

    def __init__(self, source: KeySource, *, life: timedelta, size: int, clock: Clock = SYSTEM_CLOCK) -> None:
        self._source = source
        self._life = life.total_seconds()
        self._size = size
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._reading: dict[str, asyncio.Task[Cipher]] = {}

    async def cipher(self, key_id: str) -> Cipher:
        """What encrypts and decrypts with this key.

        Raises:
            UnknownKeyError: KuFlow does not hand the key out.
            InvalidKeyError: It is no key for AES-256.
            KeyUnavailableError: KuFlow could not be asked.
        """
        kept = self._kept.get(key_id)
        if kept is not None and self._clock.monotonic() < kept.due:
            self._kept.move_to_end(key_id)
            return kept.cipher
        reading = self._reading.get(key_id)
        if reading is None:
            reading = self._reading[key_id] = asyncio.create_task(self._read(key_id))
            reading.add_done_callback(lambda task: self._done(key_id, task))
        # One who stops waiting must not take the key from the others.
        return await asyncio.shield(reading)

    def _done(self, key_id: str, task: asyncio.Task[Cipher]) -> None:
        del self._reading[key_id]
        if not task.cancelled():
            task.exception()  # seen, even if all who waited are gone

    async def _read(self, key_id: str) -> Cipher:
        try:
            key = await self._source.retrieve_key(key_id)
        except ApiError as error:
            return self._after(key_id, error)
        try:
            cipher = Cipher(key.value.get_secret_value())
        except ValueError as error:
            self._kept.pop(key_id, None)
            raise InvalidKeyError(key_id, str(error)) from None
        self._keep(key_id, cipher)
        return cipher

    def _after(self, key_id: str, error: ApiError) -> Cipher:
        # The reason is short on purpose: what the server said besides could hold a part of the key.
        reason = f"KuFlow answered {error.status}" if isinstance(error, StatusError) else type(error).__name__
        kept, now = self._kept.get(key_id), self._clock.monotonic()
        if isinstance(error, REFUSALS) or (isinstance(error, StatusError) and error.status == GONE):
            self._kept.pop(key_id, None)
            raise UnknownKeyError(key_id, reason) from None
        if kept is None or now >= kept.end:
            raise KeyUnavailableError(key_id, reason) from None
        kept.due = min(now + PAUSE, kept.end)
        log.warning("encryption key could not be read again, the old one serves on", key_id=key_id, reason=reason)
        return kept.cipher

    def _keep(self, key_id: str, cipher: Cipher) -> None:
        now = self._clock.monotonic()
        self._kept[key_id] = _Kept(cipher, due=now + self._life, end=now + 2 * self._life)
        self._kept.move_to_end(key_id)
        for old in [each for each, kept in self._kept.items() if kept.end <= now]:
            del self._kept[old]
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
