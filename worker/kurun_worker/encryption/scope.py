"""Which key a client's calls are encrypted with."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_key_id: ContextVar[str | None] = ContextVar("kurun_encryption_key_id", default=None)


@contextmanager
def confidential(key_id: str | None) -> Iterator[None]:
    """Encrypt what a client sends inside the block.

    ``with confidential(key_id): await client.start_workflow(…)`` starts a confidential workflow; signals, queries,
    updates, schedules and the results of activities that are completed through the client are encrypted alike. Whatever
    is read is decrypted in any case. A workflow or an activity needs no such block: it follows its headers.

    Args:
        key_id: A key of KuFlow's key management; ``None``: inside the block nothing is encrypted.
    """
    token = _key_id.set(key_id)
    try:
        yield
    finally:
        _key_id.reset(token)


def key_in_scope() -> str | None:
    """The key of the innermost :func:`confidential` block."""
    return _key_id.get()
