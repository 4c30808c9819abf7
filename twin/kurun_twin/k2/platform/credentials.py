"""Passwords of K2's accounts and the credentials of the OAuth client, made once and kept in the data folder."""

import json
import secrets
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kurun_config import ConfigurationError
from kurun_twin.data_directory import write_private
from kurun_twin.definitions.k2_models import K2UserDefinition


class K2Credentials(BaseModel):
    """What was made: the registered application, and passwords by account name."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    client_id: str
    client_secret: str = Field(repr=False)
    passwords: dict[str, str] = Field(default_factory=dict, repr=False)


def ensure_credentials(path: Path, users: Iterable[K2UserDefinition]) -> K2Credentials:
    """Read the credentials; make and keep those that are missing, readable by the owner alone.

    Raises:
        ConfigurationError: The file cannot be read or written, or holds something else.
    """
    try:
        known = _read(path) if path.exists() else None
        made = known or K2Credentials(client_id=str(uuid4()), client_secret=secrets.token_urlsafe(32))
        missing = [each.name for each in users if each.password is None and each.name not in made.passwords]
        if missing or known is None:
            passwords = made.passwords | {each: secrets.token_urlsafe(12) for each in missing}
            made = made.model_copy(update={"passwords": passwords})
            write_private(path, json.dumps(made.model_dump(), indent=2).encode())
    except ValidationError:
        raise ConfigurationError(f"{path}: holds no credentials of K2; delete it to have new ones made") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be used: {error.strerror}") from None
    return made


def _read(path: Path) -> K2Credentials:
    return K2Credentials.model_validate_json(path.read_bytes(), strict=True)
