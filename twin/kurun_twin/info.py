"""What a developer or a test has to know of a running twin, and the files that say it."""

import json
import os
from pathlib import Path
from typing import Any

from kurun_config import ConfigurationError
from kurun_twin.data_directory import write_private
from kurun_twin.k2.oauth import AUTHORIZE, TOKEN
from kurun_twin.k2.platform import K2Platform
from kurun_twin.k2.workflow_api import PREFIX
from kurun_twin.platform import Platform


def describe(
    platform: Platform, *, endpoint: str, engine_address: str, direct_address: str, ui: str | None
) -> dict[str, Any]:
    """Addresses, credentials and definitions, ready to be JSON; holds secrets.

    A process definition's ``process_items`` are the codes it declares; ``None`` if it declares none and takes any. Its
    ``kms_key_id`` is the key of confidential processes, ``None`` for others.
    """
    application = platform.principals.applications[0]
    return {
        "kuflow": {
            "endpoint": endpoint,
            "client_id": application.credentials.client_id,
            "client_secret": application.credentials.client_secret,
            "tenant_id": str(platform.definitions.tenant.id),
        },
        "engine": {
            "address": engine_address,
            "namespace": platform.options.namespace,
            "direct_address": direct_address,
            "ui": ui,
        },
        "users": [
            {
                "name": user.definition.name,
                "email": user.definition.email,
                "principal_id": user.id,
                "client_id": user.credentials.client_id,
                "client_secret": user.credentials.client_secret,
            }
            for user in platform.principals.users
        ],
        "process_definitions": [
            {
                "id": str(each.id),
                "code": each.code,
                "workflow_type": each.workflow_type,
                "task_queue": each.task_queue,
                "kms_key_id": each.kms_key_id,
                "process_items": None if each.items is None else list(each.items),
            }
            for each in platform.definitions.processes
        ],
        "robots": [{"id": str(each.id), "code": each.code} for each in platform.definitions.robots],
        "data_dir": str(platform.options.data_dir.resolve()),
        "pid": os.getpid(),
    }


def describe_k2(k2: K2Platform) -> dict[str, Any]:
    """Addresses, accounts and workflows of K2, ready to be JSON; holds secrets.

    ``user`` is whom a worker should act as: the first account to which the definitions give the Server Event right.
    """
    able = (each for each in k2.users.all if k2.users.may_use_server_events(each))
    account = next(able, k2.users.all[0])
    return {
        "user": account.name,
        "password": account.password,
        "endpoint": f"{k2.address}{PREFIX}",
        "services_endpoint": f"{k2.address}/K2Services",
        "oauth_authorization_url": f"{k2.address}{AUTHORIZE}",
        "oauth_token_url": f"{k2.address}{TOKEN}",
        "oauth_client_id": k2.credentials.client_id,
        "oauth_client_secret": k2.credentials.client_secret,
        "users": [
            {
                "name": each.name,
                "fqn": each.fqn,
                "display_name": each.display_name,
                "email": each.email,
                "password": each.password,
            }
            for each in k2.users.all
        ],
        "workflows": [{"id": each.id, "name": each.full_name} for each in k2.definitions.workflows],
    }


def ensure_writable(file: Path) -> None:
    """Find out, by trying, whether a file can be put there later.

    Raises:
        ConfigurationError: It cannot; the message says why.
    """
    if file.exists() and not file.is_file():
        raise ConfigurationError(f"{file}: cannot be written: it is no file")
    trial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        os.close(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        trial.unlink()
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be written: {error.strerror}") from None


def write_info(path: Path, info: dict[str, Any]) -> None:
    """Write the description as JSON, at once and for the owner only.

    Raises:
        ConfigurationError: It cannot be written there.
    """
    _write(path, json.dumps(info, indent=2) + "\n")


def write_settings(path: Path, info: dict[str, Any]) -> None:
    """Write the settings with which ``kurun run --config`` finds the twin.

    Raises:
        ConfigurationError: They cannot be written there.
    """
    kuflow = {name: info["kuflow"][name] for name in ("endpoint", "client_id", "client_secret", "tenant_id")}
    sections = {"kuflow": kuflow, "engine": {"address": info["engine"]["address"]}}
    queues = {each["task_queue"] for each in info["process_definitions"]}
    if len(queues) == 1:
        sections["worker"] = {"task_queue": queues.pop()}
    if "k2" in info:
        sections["k2"] = _k2_settings(info["k2"])
    lines = ["# Written by kurun dev at each start."]
    for section, values in sections.items():
        # A JSON text is a TOML text, too.
        lines += ["", f"[{section}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
    _write(path, "\n".join(lines) + "\n")


def _k2_settings(k2: dict[str, Any]) -> dict[str, str]:
    names = ("endpoint", "services_endpoint", "oauth_authorization_url", "oauth_token_url")
    addresses = {name: k2[name] for name in (*names, "oauth_client_id", "oauth_client_secret")}
    return {**addresses, "user": k2["user"], "password": k2["password"]}


def _write(path: Path, content: str) -> None:
    try:
        write_private(path, content.encode())
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None
