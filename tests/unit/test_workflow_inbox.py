"""What the process helper does with signals that are not for it."""

import logging
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow

from kurun_workflows.inbox import Inbox


def test_a_signal_for_no_open_item_is_told_to_developers_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is usual: an item that somebody else created signals too. At the level INFO nothing is said."""
    handlers: dict[str, Callable[..., Any]] = {}
    monkeypatch.setattr(workflow, "get_signal_handler", handlers.get)
    monkeypatch.setattr(workflow, "set_signal_handler", handlers.__setitem__)
    monkeypatch.setattr(workflow.logger, "log_during_replay", True)  # else it asks the workflow that is not here
    inbox = Inbox()
    (receive,) = handlers.values()
    with caplog.at_level(logging.DEBUG, logger=workflow.logger.logger.name):
        receive({"id": str(uuid4()), "type": "TASK", "payload": {}})

    assert inbox.items == ()
    assert [(each.levelname, each.message.split(" (")[0]) for each in caplog.records] == [
        ("DEBUG", "ignored a signal of a process item that is not open")
    ]
