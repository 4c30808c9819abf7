"""Settings of K2."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import AnyHttpUrl, Field, SecretStr, StringConstraints, ValidationInfo, field_validator

from kurun_config.model import READ_AGAIN, Name, Positive, Seconds, Section, is_loopback

AccountName = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]


class K2Authentication(StrEnum):
    """How calls to the Workflow REST API say who they are."""

    BASIC = "basic"
    OAUTH = "oauth"
    OAUTH_PASSWORD = "oauth-password"  # noqa: S105 - the name of a grant


class K2ServicesAuthentication(StrEnum):
    """How calls to the K2 Services say who they are."""

    BASIC = "basic"
    NTLM = "ntlm"
    NEGOTIATE = "negotiate"


class K2Settings(Section):
    """K2: its Workflow REST API, the older K2 Services, and the bridge to KuFlow."""

    account: AccountName = "k2"
    """Name of this K2 account: processes, watchers and stored tokens are kept apart by it."""
    allow_insecure: bool = False
    """Talk plain http to other machines too. It shows the credentials to everyone on the way."""
    endpoint: AnyHttpUrl | None = None
    """Address of the Workflow REST API with its version, such as `https://k2.example.com/api/workflow/v1`."""
    authentication: K2Authentication = K2Authentication.BASIC
    """`basic` (user and password), `oauth` (after `kurun k2 login`) or `oauth-password` (the password grant)."""
    user: Annotated[Name | None, READ_AGAIN] = None
    """User name: `DOMAIN\\user`, `user@domain` or `user`."""
    password: Annotated[SecretStr | None, READ_AGAIN] = None
    """Password of that user."""
    oauth_authorization_url: AnyHttpUrl | None = None
    """Where people log in, such as `https://login.microsoftonline.com/TENANT/oauth2/authorize`."""
    oauth_token_url: AnyHttpUrl | None = None
    """Where tokens come from, such as `https://login.microsoftonline.com/TENANT/oauth2/token`."""
    oauth_client_id: Name | None = None
    """Id of the application that is registered for K2."""
    oauth_client_secret: Annotated[SecretStr | None, READ_AGAIN] = None
    """Secret of that application, if it has one."""
    oauth_resource: str = "https://api.k2.com/"
    """What the token is for."""
    oauth_token_file: Path | None = None
    """File that keeps the refresh token, readable by its owner alone; without it one in the user's state folder."""
    oauth_renewal_margin: Seconds = timedelta(minutes=5)
    """Seconds before its end at which an access token is renewed; at most half its life."""
    services_endpoint: AnyHttpUrl | None = None
    """Address of the K2 Services, such as `https://k2.example.com/K2Services`."""
    services_authentication: K2ServicesAuthentication = K2ServicesAuthentication.BASIC
    """`basic`, `ntlm` or `negotiate`, with the same user and password."""
    ca_file: Path | None = None
    """PEM file of authorities to trust instead of the system's."""
    timeout: Seconds = timedelta(seconds=30)
    """Seconds a request may wait for its next byte."""
    connect_timeout: Seconds = timedelta(seconds=5)
    """Seconds to establish a connection."""
    max_connections: Positive = 20
    """Connections to each API at the same time."""
    max_list_bytes: Positive = 64 * 1024**2
    """Largest list of tasks that is read, in bytes."""
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    """Repeats of reads inside the client. What changes K2's state is never repeated there."""
    watch: bool = False
    """Watch the tasks of this account: mirror them in KuFlow, and wake the workflows that wait for K2."""
    watch_interval: Seconds = timedelta(seconds=15)
    """Seconds between two lists of the account's tasks; one list serves every waiting workflow."""
    watch_state: Name | None = None
    """`state` to list tasks with; K2 does not document its values. Without it K2 lists what is not asleep."""
    mirror_process_definition_id: UUID | None = None
    """KuFlow process definition whose processes mirror the account's tasks; without it nothing is mirrored."""
    mirror_item_code: Name = "K2_TASK"
    """Code of the process item, in that definition, which shows a task to people."""

    @field_validator("endpoint", "services_endpoint", "oauth_authorization_url", "oauth_token_url")
    @classmethod
    def _is_safe(cls, endpoint: AnyHttpUrl | None, info: ValidationInfo) -> AnyHttpUrl | None:
        if endpoint is None:
            return None
        if endpoint.username or endpoint.password:
            raise ValueError("an address without credentials is wanted")
        if endpoint.scheme == "http" and not info.data.get("allow_insecure") and not is_loopback(endpoint.host):
            raise ValueError("http would show the credentials on the way: use https, or set k2.allow_insecure")
        return endpoint
