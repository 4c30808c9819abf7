"""The file that keeps the refresh token of K2."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kurun_clients.k2 import FileTokenStore, LoginRequired, StoredLogin, Temporary

LOGIN = StoredLogin("r3fresh", "https://login.example.com/token", "app")
OTHER = StoredLogin("another", "https://login.example.com/token", "app")

# Takes the lock, says so, and holds it until its input ends.
HOLDER = """
import asyncio, sys
from pathlib import Path
from kurun_clients.k2 import FileTokenStore

async def hold():
    async with FileTokenStore(Path(sys.argv[1])).held():
        print("held", flush=True)
        sys.stdin.read()

asyncio.run(hold())
"""


async def test_a_login_is_kept(tmp_path: Path) -> None:
    """What is saved is loaded, by another store as well, from a file of which only the owner can read anything."""
    path = tmp_path / "state" / "kurun" / "login.json"
    before = await FileTokenStore(path).load()

    await FileTokenStore(path).save(LOGIN)

    assert (before, await FileTokenStore(path).load()) == (None, LOGIN)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


async def test_a_login_is_replaced_at_once(tmp_path: Path) -> None:
    """The file is another one afterwards, whole, and nothing is left beside it."""
    store = FileTokenStore(tmp_path / "login.json")
    await store.save(LOGIN)
    with store.path.open("rb") as reader:
        await store.save(OTHER)

        assert b"r3fresh" in reader.read()
    assert await store.load() == OTHER
    assert list(tmp_path.iterdir()) == [store.path]


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o777])
async def test_a_file_that_others_can_read(tmp_path: Path, mode: int) -> None:
    """It is not used, as its token may be known; the message says what to do, without the token."""
    store = FileTokenStore(tmp_path / "login.json")
    await store.save(LOGIN)
    store.path.chmod(mode)

    with pytest.raises(LoginRequired, match=r"mode 600.*kurun k2 login") as caught:
        await store.load()

    assert "r3fresh" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"refresh_token":7}', b"\xff", b"[" * 60_000, b"x" * 70_000])
async def test_a_file_that_holds_no_login(tmp_path: Path, content: bytes) -> None:
    """Somebody has to log in again."""
    path = tmp_path / "login.json"
    path.touch(mode=0o600)
    path.write_bytes(content)

    with pytest.raises(LoginRequired, match="kurun k2 login"):
        await FileTokenStore(path).load()


async def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe or a folder in the file's place holds nobody up."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(LoginRequired):
        await FileTokenStore(tmp_path / "pipe").load()
    with pytest.raises(Temporary, match="cannot be read"):
        await FileTokenStore(tmp_path).load()


async def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """Neither the file nor its lock can be made: nothing is lost, and it may be mended."""
    (tmp_path / "file").touch()
    store = FileTokenStore(tmp_path / "file" / "login.json")

    with pytest.raises(Temporary, match="cannot be written"):
        await store.save(LOGIN)
    with pytest.raises(Temporary, match="cannot be opened"):
        async with store.held():
            pass


async def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    """Whoever can put a link into the folder cannot have another file opened for writing."""
    (tmp_path / "login.json.lock").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Temporary):
        async with FileTokenStore(tmp_path / "login.json").held():
            pass

    assert not (tmp_path / "elsewhere").exists()


async def test_one_holds_the_login_at_a_time(tmp_path: Path) -> None:
    """Of many who use one file, each loads what the one before has saved."""
    await FileTokenStore(tmp_path / "login.json").save(StoredLogin("0", "u", "c"))

    async def use() -> None:
        store = FileTokenStore(tmp_path / "login.json")
        async with store.held():
            login = await store.load()
            assert login is not None
            await store.save(StoredLogin(str(int(login.refresh_token) + 1), "u", "c"))

    await asyncio.gather(*(use() for _ in range(20)))

    assert await FileTokenStore(tmp_path / "login.json").load() == StoredLogin("20", "u", "c")


async def test_another_process_that_holds_the_login(tmp_path: Path) -> None:
    """It is waited for, but not for ever; its end gives the login free, however it ends."""
    path = tmp_path / "login.json"
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(path), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert await holder.stdout.readline() == b"held\n"

        with pytest.raises(Temporary, match="another process"):
            async with FileTokenStore(path, patience=0.05).held():
                pass
        waiting = asyncio.ensure_future(_held(path))
        holder.kill()
        await asyncio.wait_for(waiting, 10)
    finally:
        holder.stdin.close()
        await holder.wait()


async def _held(path: Path) -> None:
    async with FileTokenStore(path).held():
        pass


def test_the_token_shows_in_no_repr(tmp_path: Path) -> None:
    """A login and a store can be logged."""
    shown = repr((LOGIN, FileTokenStore(tmp_path / "login.json")))

    assert "r3fresh" not in shown
    assert "login.json" in shown
