"""Whom connections trust."""

import ssl
from pathlib import Path

from kurun_config import ConfigurationError, variable


def trusting(authorities: Path, *, setting: str) -> ssl.SSLContext:
    """A context that trusts these authorities and no others.

    Args:
        authorities: A file of PEM certificates.
        setting: Which setting names it, as ``section.field``.

    Raises:
        ConfigurationError: It cannot be read; the message names the variable to set.
    """
    try:
        return ssl.create_default_context(cafile=authorities)
    except OSError as error:
        raise ConfigurationError(
            f"{variable(setting)}: {authorities} is no file of PEM certificates: {error.strerror}"
        ) from None
