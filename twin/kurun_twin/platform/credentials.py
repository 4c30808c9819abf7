"""The credentials of the principals, made once and kept in the data folder."""

import json
import secrets
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from kurun_config import ConfigurationError
from kurun_twin.data_directory import write_private


class Credentials(BaseModel):
    """What a principal shows: an id with a secret, or an access token such as OAuth 2 gives."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    client_id: str
    client_secret: str = Field(repr=False)
    access_token: str = Field(repr=False)


_File = TypeAdapter(dict[UUID, Credentials])


def ensure_credentials(path: Path, principals: Iterable[UUID]) -> dict[UUID, Credentials]:
    """Read the credentials by principal id; make and keep those that are missing, readable by the owner alone.

    Raises:
        ConfigurationError: The file cannot be read or written, or holds something else.
    """
    try:
        known = _File.validate_json(path.read_bytes(), strict=True) if path.exists() else {}
        missing = [each for each in principals if each not in known]
        if missing:
            known |= {each: _make() for each in missing}
            _write(path, known)
    except ValidationError:
        raise ConfigurationError(f"{path}: holds no credentials of the twin; delete it to have new ones made") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be used: {error.strerror}") from None
    return known


def with_new_secret(credentials: Credentials) -> Credentials:
    """The same client with another secret."""
    return credentials.model_copy(update={"client_secret": secrets.token_urlsafe(32)})


def keep_credentials(path: Path, credentials: dict[UUID, Credentials]) -> None:
    """Keep them for the next start. Blocks."""
    _write(path, credentials)


def _make() -> Credentials:
    return Credentials(
        client_id=str(uuid4()), client_secret=secrets.token_urlsafe(32), access_token=secrets.token_urlsafe(32)
    )


def _write(path: Path, credentials: dict[UUID, Credentials]) -> None:
    content = {str(principal): each.model_dump() for principal, each in credentials.items()}
    write_private(path, json.dumps(content, indent=2).encode())
