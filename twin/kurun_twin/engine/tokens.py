"""Engine tokens: what a worker shows with every call to the engine, good for a while."""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from kurun_config import ConfigurationError
from kurun_twin.authority import EngineToken
from kurun_twin.data_directory import write_private

_NONCE = 16
_MAC = 32
_LENGTH = 75  # 8 bytes of time, the nonce and the signature, as base64
_PADDING = "="
_MAX_KNOWN = 1024


class Refusal(StrEnum):
    """Why a token opens nothing; the text is what the caller is told."""

    MISSING = "no engine token: send `authorization: Bearer <token>`"
    UNKNOWN = "unknown engine token"
    EXPIRED = "engine token expired"


class TokenMint:
    """Makes and checks tokens.

    A token carries its end and a random number, signed with a key that stays in the data directory: checking needs no
    look-up, and tokens given out before a restart are good after it.
    """

    def __init__(
        self,
        key: bytes,
        life: timedelta,
        *,
        grace: timedelta = timedelta(0),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._life = life
        self._grace = grace.total_seconds()
        self._clock = clock
        self._known: dict[str, float] = {}

    @classmethod
    def open(cls, file: Path, life: timedelta, *, grace: timedelta = timedelta(0)) -> "TokenMint":
        """A mint with the key in ``file``, which is made at the first start.

        Args:
            file: Where the key is kept.
            life: How long a token is good.
            grace: How long after its end it is taken all the same.

        Raises:
            ConfigurationError: The file cannot be used, or holds no key.
        """
        try:
            key = _key(file)
        except OSError as error:
            raise ConfigurationError(f"{file}: cannot be used: {error.strerror}") from None
        if len(key) != _MAC:
            raise ConfigurationError(f"{file}: not a key of {_MAC} bytes")
        return cls(key, life, grace=grace)

    def issue(self) -> EngineToken:
        """A new token, good for the mint's life from now."""
        expires_ms = int((self._clock() + self._life.total_seconds()) * 1000)
        body = struct.pack(">Q", expires_ms) + secrets.token_bytes(_NONCE)
        text = base64.urlsafe_b64encode(body + self._sign(body)).decode().rstrip(_PADDING)
        return EngineToken(text, datetime.fromtimestamp(expires_ms / 1000, UTC))

    def remaining(self, text: str) -> float | Refusal:
        """The seconds that a token is still good for, below zero within the grace; or why it opens nothing."""
        expires = self._known.get(text)
        if expires is None:
            expires = self._read(text)
            if expires is None:
                return Refusal.UNKNOWN
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[text] = expires
        left = expires - self._clock()
        return left if left > -self._grace else Refusal.EXPIRED

    def _read(self, text: str) -> float | None:
        """When a token of this mint ends, in seconds since 1970."""
        if len(text) != _LENGTH:
            return None
        try:
            content = base64.b64decode(text + _PADDING, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        body, mac = content[:-_MAC], content[-_MAC:]
        if not hmac.compare_digest(mac, self._sign(body)):
            return None
        return float(struct.unpack_from(">Q", body)[0]) / 1000

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, hashlib.sha256)


def _key(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        key = secrets.token_bytes(_MAC)
        write_private(file, key)
        return key
