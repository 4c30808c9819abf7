"""``kurun k2 login``."""

import asyncio
import contextlib
import os
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import click

from kurun_clients.k2.errors import AuthenticationRefused, LoginRequired, Temporary
from kurun_clients.k2.oauth import FileTokenStore, endpoint_of, log_in, token_file_of
from kurun_clients.k2.oauth.login import LOGIN_TIMEOUT
from kurun_config import ConfigurationError, K2Authentication, K2Settings, variable
from kurun_worker.cli.options import k2_options, loaded

_SCREENS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
"""Variables one of which is there where a browser can be seen; without them Python would start one in the terminal."""


class LoginRefusedError(Exception):
    """The login was refused; the message says by whom, and what may help."""


@click.command("login", short_help="Let a person log in to K2 with a browser, and keep the login for the worker.")
@click.option("--no-browser", is_flag=True, help="Open no browser; only show the address.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Port of http://localhost:N/, where the browser brings the answer.  [default: a free one]",
)
@click.option(
    "--wait",
    type=click.FloatRange(1, 3600),
    default=LOGIN_TIMEOUT.total_seconds(),
    show_default=True,
    metavar="SECONDS",
    help="How long the person has.",
)
@k2_options
def login(config: Path | None, *, no_browser: bool, port: int, wait: float, **flags: str | None) -> None:
    """Let a person log in to K2 with a browser, and keep the login for the worker.

    The browser has to run on this machine. From another one, choose a --port N and forward it: ssh -L
    N:127.0.0.1:N HOST. A worker that waits for the login goes on by itself.
    """
    settings = loaded(config, flags).settings.k2
    asyncio.run(_log_in(settings, browser=not no_browser, port=port, time=timedelta(seconds=wait)))


async def _log_in(settings: K2Settings, *, browser: bool, port: int, time: timedelta) -> None:
    file = token_file_of(settings)
    async with endpoint_of(settings, interactive=True) as endpoint:
        store = FileTokenStore(file)
        await _ensure_writable(store)
        with _explained(port):
            async with _counting_down(time.total_seconds()):
                await log_in(endpoint, store, open_browser=_shown(browser=browser, time=time), port=port, timeout=time)
    application = endpoint.application
    click.echo(
        f"Logged in: K2 account {settings.account}, application {application.client_id} at {application.token_url}; "
        f"kept in {file}"
    )
    if settings.authentication is not K2Authentication.OAUTH:
        click.echo(
            f"The worker does not use it yet: {variable('k2.authentication')} is {settings.authentication}, not oauth."
        )


async def _ensure_writable(store: FileTokenStore) -> None:
    """Find out before the person begins."""
    try:
        async with store.held():
            return
    except Temporary as error:
        raise ConfigurationError(f"{error}; another file: {variable('k2.oauth_token_file')}") from None


@contextlib.contextmanager
def _explained(port: int) -> Iterator[None]:
    try:
        yield
    except LoginRequired:
        raise  # says what to do
    except AuthenticationRefused as error:
        raise LoginRefusedError(
            f"{str(error).rstrip('.')}. Log in as somebody who may use the application, or see that "
            f"{variable('k2.oauth_client_id')}, {variable('k2.oauth_client_secret')} and "
            f"{variable('k2.oauth_resource')} are those of its registration"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"--port {port}: cannot be listened on: {error.strerror}") from None


def _shown(*, browser: bool, time: timedelta) -> Callable[[str], None]:
    """What is done with the address to log in at."""

    def show(url: str) -> None:
        click.echo(f"To log in, open this address in a browser on this machine:\n\n  {url}\n")
        if browser and _has_screen():
            # A browser may stay in the foreground of its command, and must hold up neither the answer nor our end.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        click.echo(f"Waiting up to {time.total_seconds():g} s for the login …")

    return show


def _has_screen() -> bool:
    return sys.platform in {"darwin", "win32"} or any(os.environ.get(name) for name in _SCREENS)


@contextlib.asynccontextmanager
async def _counting_down(seconds: float) -> AsyncIterator[None]:
    """Show on a terminal how much time is left."""
    if not sys.stdout.isatty():
        yield
        return
    counting = asyncio.create_task(_count_down(seconds))
    try:
        yield
    finally:
        counting.cancel()
        click.echo("\r\033[K", nl=False)


async def _count_down(seconds: float) -> None:
    for left in range(int(seconds), 0, -1):
        await asyncio.sleep(1)
        click.echo(f"\r{left - 1:4} s left ", nl=False)
