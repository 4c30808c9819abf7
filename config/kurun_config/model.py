"""Every setting there is: name, type, default and meaning.

A field's description is its documentation and its help text. The same path names it everywhere: ``[kuflow] client_id``
in a TOML file, ``KURUN_KUFLOW_CLIENT_ID`` in the environment, ``kurun_kuflow_client_id`` as a secret file and
``--kuflow-client-id`` on the command line.
"""

import re
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import NoDecode

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Positive = Annotated[int, Field(ge=1)]

READ_AGAIN = Field(json_schema_extra={"reload": True})
"""Marks a setting that takes effect while the worker runs; the others need a restart."""


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


Seconds = Annotated[
    timedelta,
    BeforeValidator(_number),
    Field(gt=timedelta(0)),
    PlainSerializer(lambda span: span.total_seconds(), return_type=float),
]
"""A span of time: seconds as a number, or ISO 8601 such as ``PT5M``."""


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Entry = TypeVar("Entry")
Listed = Annotated[tuple[Entry, ...], NoDecode, BeforeValidator(_split)]
"""Several values: a list in TOML, separated by commas elsewhere."""


class KuFlowAuthentication(StrEnum):
    """How requests to the KuFlow API say who they are."""

    BASIC = "basic"
    BEARER = "bearer"
    BASE64_BEARER = "base64-bearer"


class KuFlowApiShape(StrEnum):
    """Which shape of v2024-06-14 requests are written in; KuFlow changed it in November 2024 under the same address."""

    CURRENT = "current"
    SEED = "seed"


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """From which severity on log lines are written."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Section(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True)


class KuFlowSettings(Section):
    """The KuFlow API."""

    allow_insecure: bool = False
    """Talk plain http to other machines too. It shows the credentials to everyone on the way."""
    endpoint: AnyHttpUrl = AnyHttpUrl("https://api.kuflow.com/v2024-06-14")
    """Address of the KuFlow API, with its version."""
    client_id: Annotated[str | None, READ_AGAIN] = None
    """Id of the application that the worker acts as."""
    client_secret: Annotated[SecretStr | None, READ_AGAIN] = None
    """Secret of that application."""
    authentication: KuFlowAuthentication = KuFlowAuthentication.BASIC
    """How requests say who they are: `basic`, `base64-bearer` (like the published SDKs) or `bearer` (a ready token)."""
    token: Annotated[SecretStr | None, READ_AGAIN] = None
    """Ready access token, for `bearer`. It is a fixed string that kurun cannot renew: once it has expired, engine
    credentials are not renewed either, until a file of secrets or settings holds a new one."""
    tenant_id: UUID | None = None
    """Tenant to work in; required with `bearer`."""
    api_shape: KuFlowApiShape = KuFlowApiShape.CURRENT
    """How requests are written: `current`, or `seed` for a KuFlow older than November 2024. Both are read."""
    ca_file: Path | None = None
    """PEM file of authorities to trust instead of the system's."""
    timeout: Seconds = timedelta(seconds=30)
    """Seconds a request may wait for its next byte."""
    connect_timeout: Seconds = timedelta(seconds=5)
    """Seconds to establish a connection."""
    max_connections: Positive = 100
    """Connections to the API at the same time."""
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    """Repeats inside the client, for unused connections and short waits; Temporal does the long waiting."""

    @field_validator("endpoint")
    @classmethod
    def _is_safe(cls, endpoint: AnyHttpUrl, info: ValidationInfo) -> AnyHttpUrl:
        if endpoint.username or endpoint.password or endpoint.query:
            raise ValueError("an address without credentials and query is wanted")
        if endpoint.scheme == "http" and not info.data.get("allow_insecure") and not is_loopback(endpoint.host):
            raise ValueError("http would show the credentials on the way: use https, or set kuflow.allow_insecure")
        return endpoint


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return False


class EngineCredentials(StrEnum):
    """Where the keys to the engine come from."""

    KUFLOW = "kuflow"
    NONE = "none"


def _host_and_port(address: str) -> str:
    host, _, port = address.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    known = bare and not re.search(r"[\s/@]", bare) and (":" not in bare or bare != host)
    if not known or not (port.isascii() and port.isdecimal()) or not 0 < int(port[:6]) < 65536:
        raise ValueError("host and port are wanted, such as engine.kuflow.com:443")
    return address


class EngineSettings(Section):
    """The Temporal engine."""

    address: Annotated[str, AfterValidator(_host_and_port)] = "engine.kuflow.com:443"
    """`host:port` of the engine. `TEMPORAL_ADDRESS` is understood too."""
    namespace: str | None = None
    """Namespace to work in; KuFlow's certificate names it. `TEMPORAL_NAMESPACE` is understood too."""
    credentials: EngineCredentials = EngineCredentials.KUFLOW
    """`kuflow`: token and certificate from the API. `none`: a bare Temporal server without TLS, for development."""
    connect_timeout: Seconds = timedelta(seconds=10)
    """Seconds to reach the engine, credentials included: at the start before giving up, later before trying again."""
    renewal_backoff_max: Seconds = timedelta(seconds=30)
    """Longest pause between two attempts to renew a credential."""
    token_life_fallback: Seconds = timedelta(minutes=5)
    """Life assumed of a token that KuFlow hands out without saying when it ends."""
    certificate_check: Seconds = timedelta(hours=12)
    """Longest pause between two looks at the certificate's end."""


class DocumentSettings(Section):
    """Where documents may come from and go to, and how large they may be."""

    roots: Annotated[Listed[Path], READ_AGAIN] = ()
    """Folders from which documents may be uploaded and into which they may be downloaded; none: no local files."""
    url_hosts: Annotated[Listed[str], READ_AGAIN] = ()
    """Hosts (`host` or `host:port`) from which documents may be fetched over http(s); none: no fetching."""
    max_bytes: Annotated[Positive, READ_AGAIN] = 1024**3
    """Largest document, in bytes."""
    max_inline_bytes: Annotated[Positive, READ_AGAIN] = 256 * 1024
    """Largest document given inside an activity's request, in bytes: it travels through history."""


class EncryptionSettings(Section):
    """Confidential processes."""

    key_life: Seconds = timedelta(hours=1)
    """Seconds a key of KuFlow's key management is used before it is read again, which is when a revocation is seen."""
    key_cache: Positive = 1000
    """Keys kept at the same time."""
    failure_messages: bool = True
    """Encrypt messages and stack traces of failures too, which Temporal's web page then no longer shows."""


class LogSettings(Section):
    """The daemon's own log."""

    level: Annotated[LogLevel, READ_AGAIN] = LogLevel.INFO
    """Least severity that is written."""
    format: LogFormat = LogFormat.AUTO
    """`json`, `console`, or `auto`: readable on a terminal and JSON elsewhere."""
