"""Hiding secrets in what is written down."""

import base64
import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr
from structlog.typing import EventDict, WrappedLogger

from kurun_config import Settings, setting_paths, value_at

MASK = "**********"
SHORTEST = 4
TOKENS_KEPT = 8
SECRETS_KEPT = 1000
DEEPEST = 8

_PATTERNS = (
    re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"(?<=bearer )[\w.~+/=-]+", re.IGNORECASE),
    re.compile(r"(?<=basic )[A-Za-z0-9+/=_-]{8,}", re.IGNORECASE),
)
_SECRET_NAMES = re.compile(
    r"authorization|password|passwd|secret|api_?key|private_?key|(?:^|_)token(?:_value)?$|cookie", re.IGNORECASE
)


class Redactor:
    """A structlog processor that replaces secrets by asterisks, wherever in a line they stand.

    Known are the values given, those of newer settings told by :meth:`learn_settings`, the last tokens told by
    :meth:`learn`, and what is recognised by its form: private keys in PEM, ``Bearer`` and ``Basic`` credentials, and
    fields whose name says that they are secret.

    Args:
        secrets: Values that must never be seen.
    """

    def __init__(self, *secrets: str) -> None:
        self._secrets = [secret for secret in dict.fromkeys(secrets) if len(secret) >= SHORTEST]
        self._tokens: deque[str] = deque(maxlen=TOKENS_KEPT)

    @classmethod
    def of(cls, settings: Settings) -> "Redactor":
        """One that knows every secret in the settings, also in the forms in which requests carry it."""
        return cls(*_secrets_of(settings))

    def learn_settings(self, settings: Settings) -> None:
        """Hide the secrets of these settings too; those before them, which may still be good somewhere, stay hidden."""
        fresh = [secret for secret in _secrets_of(settings) if len(secret) >= SHORTEST]
        older = [secret for secret in self._secrets if secret not in fresh]
        # Replaced and not changed: another thread may be going through it.
        self._secrets = [*older, *dict.fromkeys(fresh)][-SECRETS_KEPT:]

    def learn(self, token: str) -> None:
        """Hide this too; the last few are remembered."""
        if len(token) >= SHORTEST and token not in self._tokens:
            self._tokens.append(token)

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Clean one line."""
        return {name: self._field(name, value, 0) for name, value in event.items()}

    def text(self, text: str) -> str:
        """Clean one text."""
        # The longest first: what of a secret is left over by a shorter one that it contains would be seen.
        for secret in sorted((*self._secrets, *self._tokens), key=len, reverse=True):
            text = text.replace(secret, MASK)
        for pattern in _PATTERNS:
            text = pattern.sub(MASK, text)
        return text

    def _field(self, name: object, value: Any, depth: int) -> Any:
        if isinstance(name, str) and value is not None and _SECRET_NAMES.search(name) and not _harmless(value):
            return MASK
        return self._value(value, depth)

    def _value(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if depth < DEEPEST:
            if isinstance(value, Mapping):
                return {name: self._field(name, each, depth + 1) for name, each in value.items()}
            if isinstance(value, list | tuple | set | frozenset):
                return [self._value(each, depth + 1) for each in value]
        return self.text(str(value))


def _secrets_of(settings: Settings) -> list[str]:
    secrets = [value_at(settings, path) for path, _ in setting_paths()]
    values = [value.get_secret_value() for value in secrets if isinstance(value, SecretStr)]
    for user, password in (
        (settings.kuflow.client_id, settings.kuflow.client_secret),
        (settings.k2.user, settings.k2.password),
    ):
        if user and password:
            values.append(base64.b64encode(f"{user}:{password.get_secret_value()}".encode()).decode())
    return values


def _harmless(value: object) -> bool:
    return isinstance(value, bool | int | float)
