"""Silence: what a library logs about a failure, the report says anyway."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import structlog
from structlog.typing import EventDict, WrappedLogger


@contextmanager
def quiet() -> Iterator[None]:
    """Let nobody log or warn inside the block; for a command, as it is the whole process that falls silent."""
    disabled, configured = logging.root.manager.disable, structlog.get_config()
    logging.disable(logging.CRITICAL)
    structlog.configure(processors=[_drop])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        structlog.configure(**configured)


def _drop(_logger: WrappedLogger, _method: str, _event: EventDict) -> NoReturn:
    raise structlog.DropEvent
