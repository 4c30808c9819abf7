"""Confidential processes and actions on the twin: what stands in the engine's histories, and who reads what."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.converter import PayloadConverter
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from kurun_clients.kuflow.models import (
    BusinessArtifactActionCreateParams,
    BusinessArtifactCreateParams,
    JsonValue,
    Process,
    ProcessActionCreateParams,
    ProcessCreateParams,
    ProcessItem,
    ProcessItemTaskCreateParams,
    ProcessItemType,
    ProcessState,
)
from kurun_twin.dev import Listeners, TwinServer
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_twin.options import TwinOptions
from tests import second_cipher
from tests.integration.conftest import Connect, definitions, process_definition
from tests.integration.encryption_stage import HEADERS
from tests.integration.raw_history import events_of, headers_in, payloads_in
from tests.integration.worker_host import direct_client, running_daemon, settings_for
from tests.second_cipher import KEY, KEY_ID, unseal
from tests.waiting import until
