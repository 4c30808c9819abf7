"""The settings themselves: complete, known, and wise."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kurun_config import (
    ConfigurationError,
    EngineCredentials,
    KuFlowAuthentication,
    Loaded,
    Settings,
    setting_paths,
    variable,
)
from kurun_config.model import is_loopback
from kurun_worker.doctor.checks import Check, known
from kurun_worker.doctor.places import engine_place
from kurun_worker.doctor.report import Verdict, misconfigured, ok, warning

LOADED: Final = "settings"
"""Name of the check that reads them."""
REQUIRED: Final = "required settings"
"""Name of the check for those without a default."""

USUAL_GRACE: Final = 30.0
"""Seconds that Kubernetes leaves between SIGTERM and SIGKILL unless it is told otherwise."""
_OTHERS: Final = frozenset({"KURUN_CONFIG", "KURUN_SECRETS_DIR", "KURUN_RUN"})


def settings_checks(loaded: Loaded) -> list[Check]:
    """All that can be told without asking anybody."""
    settings = loaded.settings
    sources = sorted({_source(origin) for origin in loaded.origins.values()})
    said = f"read; {len(loaded.origins)} set by {', '.join(sources) or 'nobody'}"

    async def required() -> Verdict:
        return require(settings)

    advice = [*_unknown(), *_unwise(settings)]
    return [
        known(LOADED, ok(said)),
        Check(REQUIRED, required, needs=(LOADED,)),
        *(known(f"setting {name}", verdict) for name, verdict in advice),
    ]


def require(settings: Settings) -> Verdict:
    """Whether a worker could begin with them."""
    # Imported here: these bring Temporal, and a setting that cannot be read needs none.
    from kurun_clients.kuflow import KuFlowClient  # noqa: PLC0415
    from kurun_worker.daemon import require_settings  # noqa: PLC0415

    try:
        require_settings(settings)
        KuFlowClient.from_settings(settings.kuflow)
    except ConfigurationError as error:
        return misconfigured(str(error))
    return ok("all there")


def _source(origin: str) -> str:
    if origin.startswith("--"):
        return "flags"
    if origin.startswith("secret file"):
        return f"files in {os.environ.get('KURUN_SECRETS_DIR')}"
    return origin.partition(" [")[0] if origin.endswith("]") else "the environment"


def _unknown() -> Iterator[tuple[str, Verdict]]:
    names = {variable(path) for path, _ in setting_paths()} | _OTHERS
    for name in sorted(os.environ):
        if name.startswith("KURUN_") and name.upper() not in names:
            yield name, warning("no such setting; it has no effect", f"unset {name}; `kurun config` lists all settings")
    folder = os.environ.get("KURUN_SECRETS_DIR")
    for file in sorted(Path(folder).glob("kurun_*")) if folder else ():
        if file.name.upper() not in names:
            yield file.name, warning(f"no such setting, but a file in {folder}", "rename or remove the file")


def _k2_without_address(settings: Settings) -> Iterator[tuple[str, Verdict]]:
    if settings.k2.endpoint is not None or settings.k2.services_endpoint is not None:
        return
    login = ("user", "password", "oauth_client_id", "oauth_client_secret", "oauth_token_url")
    if given := [f"k2.{name}" for name in login if getattr(settings.k2, name) is not None]:
        said = f"{', '.join(given)} set, but no address of K2: nothing of K2 is served"
        fix = f"set {variable('k2.endpoint')} or {variable('k2.services_endpoint')}, or unset the others"
        yield "k2.endpoint", warning(said, fix)


def _unwise(settings: Settings) -> Iterator[tuple[str, Verdict]]:
    kuflow, worker = settings.kuflow, settings.worker
    for name, address in (
        ("kuflow.endpoint", kuflow.endpoint),
        ("k2.endpoint", settings.k2.endpoint),
        ("k2.services_endpoint", settings.k2.services_endpoint),
        ("k2.oauth_token_url", settings.k2.oauth_token_url),
    ):
        if address is not None and address.scheme == "http" and not is_loopback(address.host):
            yield name, warning(f"{address} is plain http: credentials are readable on the way", "use https")
    if settings.engine.credentials is EngineCredentials.NONE and not is_loopback(engine_place(settings).host):
        said = f"the connection to {settings.engine.address} has no TLS and no token"
        fix = f"set {variable('engine.credentials')}=kuflow, except for development"
        yield "engine.credentials", warning(said, fix)
    if kuflow.authentication is KuFlowAuthentication.BEARER:
        said = "kuflow.token is a fixed token: when it ends, the worker loses the engine"
        fix = f"use {variable('kuflow.authentication')}=basic with client id and secret"
        yield "kuflow.authentication", warning(said, fix)
    yield from _k2_without_address(settings)
    if settings.robots.enabled and settings.robots.share_credentials:
        said = "robots get the worker's own credentials"
        yield "robots.share_credentials", warning(said, "leave it off unless every robot is trusted")
    from kurun_worker.departure import STOP_MARGIN  # noqa: PLC0415 - see require

    whole = worker.drain_timeout.total_seconds() + STOP_MARGIN
    if whole > USUAL_GRACE:
        yield (
            "worker.drain_timeout",
            warning(
                f"stopping may take {whole:g} s; Kubernetes kills after {USUAL_GRACE:g} s and Docker after 10 s",
                f"set terminationGracePeriodSeconds, stop_grace_period or TimeoutStopSec above {whole:g} s",
            ),
        )
