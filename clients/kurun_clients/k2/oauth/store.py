"""Where the refresh token is kept between runs, and between processes that share a login."""

import asyncio
import fcntl
import json
import os
import secrets
import stat
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from kurun_clients.k2.errors import LoginRequired, Temporary
from kurun_clients.threads import in_thread

_PRIVATE: Final = 0o600
_FOR_OTHERS: Final = 0o077
_MAX_BYTES: Final = 64 * 1024
_PATIENCE: Final = 60.0  # longer than a request to the token endpoint takes
_PAUSE: Final = 0.02


@dataclass(frozen=True)
class StoredLogin:
    """A login as it is kept.

    Attributes:
        refresh_token: What new access tokens are had for.
        token_url: The endpoint that gave it; it is sent nowhere else.
        client_id: The application that it was given to.
    """

    refresh_token: str = field(repr=False)
    token_url: str
    client_id: str


class TokenStore(Protocol):
    """The hook for a secret store: keeps one login.

    Raises:
        K2Error: From each method: ``LoginRequired`` if there is no login that can be used, ``Temporary`` if the store
            cannot be reached or written.
    """

    def held(self) -> AbstractAsyncContextManager[None]:
        """Hold the login: nobody else, in this process or another, loads and saves it in the meantime.

        A server may replace the refresh token at each use and take the use of an old one for a theft, which ends the
        login.
        """

    async def load(self) -> StoredLogin | None:
        """The login, or ``None`` if there is none."""

    async def save(self, login: StoredLogin) -> None:
        """Keep a login instead of the one before, wholly or not at all."""


class FileTokenStore:
    """A login in a file that only its owner can read.

    Beside the file lies a lock, named after it with ``.lock``.

    Args:
        path: The file. Its folder is made if it is missing.
        patience: Seconds to wait for another process that holds the login.
    """

    def __init__(self, path: Path, *, patience: float = _PATIENCE) -> None:
        self.path = path
        self._patience = patience

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Hold the login; see :class:`TokenStore`."""
        descriptor = await in_thread(self._open_lock, undo=os.close)
        try:
            await self._lock(descriptor)
            yield
        finally:
            os.close(descriptor)

    async def load(self) -> StoredLogin | None:
        """The login, or ``None`` if there is no such file.

        Raises:
            LoginRequired: Others may read the file, or it holds no login.
            Temporary: It cannot be read.
        """
        return await in_thread(self._load)

    async def save(self, login: StoredLogin) -> None:
        """Put the file there at once or not at all.

        Raises:
            Temporary: It cannot be written.
        """
        await in_thread(lambda: self._save(login))

    def _open_lock(self) -> int:
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _PRIVATE)
        except OSError as error:
            raise Temporary(f"{lock}: cannot be opened: {error.strerror}") from None

    async def _lock(self, descriptor: int) -> None:
        deadline = asyncio.get_running_loop().time() + self._patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if asyncio.get_running_loop().time() > deadline:
                    raise Temporary(f"{self.path}: another process has held the K2 login for too long") from None
                await asyncio.sleep(_PAUSE)
            else:
                return

    def _load(self) -> StoredLogin | None:
        try:
            with os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                self._refuse_what_others_read(os.fstat(file.fileno()))
                content = file.read(_MAX_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Temporary(f"{self.path}: cannot be read: {error.strerror}") from None
        try:
            return _login(json.loads(content))
        except (ValueError, TypeError, RecursionError):
            raise LoginRequired(f"{self.path} holds no K2 login: run `kurun k2 login`") from None

    def _refuse_what_others_read(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & _FOR_OTHERS:
            raise LoginRequired(
                f"{self.path} is not used, as others may read the K2 login in it: "
                "it has to be a file of our own with mode 600. Mend that and run `kurun k2 login`"
            )

    def _save(self, login: StoredLogin) -> None:
        members = {"refresh_token": login.refresh_token, "token_url": login.token_url, "client_id": login.client_id}
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_private(self.path, json.dumps(members).encode())
        except OSError as error:
            raise Temporary(f"{self.path}: cannot be written: {error.strerror}") from None


def _login(members: Any) -> StoredLogin:
    names = ("refresh_token", "token_url", "client_id")
    if not isinstance(members, dict) or not all(isinstance(members.get(name), str) for name in names):
        raise TypeError
    return StoredLogin(*(members[name] for name in names))


def _write_private(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
