"""The daemon's log: its two forms, where lines come from, and that no secret is in any."""

import io
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError

from kurun_clients.http import ConnectionLost
from kurun_config import LogFormat, LogLevel, LogSettings, Settings, load
from kurun_worker import logs
from kurun_worker.interceptors import log_context
from kurun_worker.log_floods import MOST_TRACEBACK
from kurun_worker.operating import Operations
from kurun_worker.redaction import MASK, Redactor

SECRET = "s3cr3t-value"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIBVgIBADANBg\n-----END PRIVATE KEY-----"


@pytest.fixture
def restored() -> Iterator[None]:
    """Logging as it was before the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def configured(wanted: LogFormat, level: LogLevel = LogLevel.INFO) -> io.StringIO:
    """Logging into a text."""
    stream = io.StringIO()
    logs.configure(LogSettings(format=wanted, level=level), Redactor(SECRET), stream=stream)
    return stream


def clean(**event: Any) -> dict[str, Any]:
    """An event after redaction."""
    return dict(Redactor(SECRET)(None, "info", event))


@pytest.mark.usefixtures("restored")
def test_lines_are_json_where_nobody_reads_them() -> None:
    """Off a terminal every line is one JSON object, ours and those of other libraries alike."""
    stream = configured(LogFormat.AUTO)

    structlog.get_logger("kurun_worker.test").info("registered", task_queue="loans")
    logging.getLogger("temporalio.worker").warning("slow by %d s", 3, extra={"temporal_workflow": {"run_id": "r1"}})

    ours, foreign = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (ours["event"], ours["task_queue"], ours["level"]) == ("registered", "loans", "info")
    assert (foreign["event"], foreign["run_id"], foreign["logger"]) == ("slow by 3 s", "r1", "temporalio.worker")


@pytest.mark.usefixtures("restored")
def test_lines_are_readable_when_asked_for() -> None:
    """The console form is no JSON."""
    stream = configured(LogFormat.CONSOLE)

    structlog.get_logger().info("registered", task_queue="loans")

    assert "task_queue=loans" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


@pytest.mark.usefixtures("restored")
def test_lines_below_the_level_are_left_out() -> None:
    """The level binds structlog and the standard library."""
    stream = configured(LogFormat.JSON, LogLevel.WARNING)

    structlog.get_logger().info("small talk")
    logging.getLogger("temporalio").info("small talk")
    structlog.get_logger().warning("heard")

    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["heard"]


@pytest.mark.usefixtures("restored")
def test_an_attempt_that_failed_in_an_outage_is_one_short_line() -> None:
    """Type and reason instead of a traceback, without secrets; repeats are left out."""
    stream = configured(LogFormat.JSON)
    error = ApplicationError(f"K2 said 503 to {SECRET}", type="K2.Temporary")
    extra = {"temporal_activity": {"activity_type": "K2_findTasks", "attempt": 2}}
    for _ in range(3):
        logging.getLogger("temporalio.activity").warning("failed", exc_info=error, extra=extra)

    [line] = stream.getvalue().splitlines()
    said = json.loads(line)
    assert (said["failure"], said["error"]) == ("K2.Temporary", f"K2 said 503 to {MASK}")
    assert (said["activity_type"], said["attempt"]) == ("K2_findTasks", 2)
    assert "exception" not in said


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("form", [LogFormat.JSON, LogFormat.CONSOLE])
def test_an_exception_shows_its_traceback_but_no_secret(form: LogFormat) -> None:
    """Secrets are hidden in the message, the fields and the text of exceptions and their causes."""
    stream = configured(form)

    try:
        try:
            int(f"refused {SECRET}")
        except ValueError as error:
            raise RuntimeError(f"header authorization: Bearer {'x' * 30}") from error
    except RuntimeError:
        structlog.get_logger().exception(f"failed with {SECRET}", password="other", detail={"pem": KEY})

    text = stream.getvalue()
    assert "Traceback" in text
    assert "ValueError" in text
    assert SECRET not in text
    assert "x" * 30 not in text
    assert "MIIBV" not in text
    assert "other" not in text


def test_fields_named_as_secrets_are_masked_at_any_depth() -> None:
    """The name of a field is reason enough."""
    event = clean(outer={"Authorization": "anything", "list": [{"client_secret": "abc"}]}, renewals_token=3, tokens=7)

    assert event == {
        "outer": {"Authorization": MASK, "list": [{"client_secret": MASK}]},
        "renewals_token": 3,
        "tokens": 7,
    }


def test_tokens_are_hidden_once_they_are_known_and_only_the_last_are_kept() -> None:
    """Engine tokens change for months; the memory of them does not grow."""
    redactor = Redactor()
    for number in range(100):
        redactor.learn(f"token-number-{number:03}")

    assert redactor.text("saw token-number-099 there") == f"saw {MASK} there"
    assert len(redactor._tokens) == 8


def test_every_secret_setting_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets are hidden as they are written in the settings and as they travel in a Basic header."""
    monkeypatch.setenv("KURUN_KUFLOW_CLIENT_ID", "me")
    monkeypatch.setenv("KURUN_KUFLOW_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("KURUN_KUFLOW_TOKEN", "t0ken-value")
    redactor = Redactor.of(load().settings)

    assert SECRET not in redactor.text(f"x{SECRET}x")
    assert "t0ken-value" not in redactor.text("t0ken-value")
    assert "bWU6czNjcjN0LXZhbHVl" not in redactor.text("bWU6czNjcjN0LXZhbHVl")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text() | st.just(f"a{SECRET}b"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=20,
    )
)
def test_no_value_of_any_shape_lets_a_secret_through(value: Any) -> None:
    """Whatever is logged, the secret is not in the line."""
    assert SECRET not in json.dumps(clean(field=value), default=str)


def test_a_line_of_an_activity_says_which_process_it_serves() -> None:
    """Process and process item come from the request; what is absent is left out."""
    info: Any = SimpleNamespace(
        workflow_id="p1",
        workflow_run_id="r1",
        activity_type="KuFlow_Engine_createProcessItem",
        activity_id="1",
        attempt=2,
        task_queue="loans",
    )

    fields = log_context(info, [SimpleNamespace(process_id="p1", process_item_id=None)])

    assert fields["process_id"] == "p1"
    assert "process_item_id" not in fields
    assert (fields["workflow_id"], fields["run_id"], fields["attempt"]) == ("p1", "r1", 2)


@pytest.mark.usefixtures("restored")
def test_the_level_changes_while_the_process_runs() -> None:
    """Ours, other libraries' and what Temporal's core hands over; chatty libraries stay quiet."""
    stream = configured(LogFormat.JSON, LogLevel.INFO)
    ours, core = structlog.get_logger("kurun_worker.test"), logging.getLogger("temporalio.core")

    def speak(word: str) -> None:
        ours.debug(f"ours {word}")
        logging.getLogger("acme").debug(f"theirs {word}")
        core.info(f"core {word}")
        logging.getLogger("aiohttp.access").info(f"aiohttp {word}")

    speak("quiet")
    logs.set_level(LogLevel.DEBUG)
    speak("loud")
    logs.set_level(LogLevel.ERROR)
    speak("quiet again")

    events = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert events == ["ours loud", "theirs loud", "core loud"]


@pytest.mark.usefixtures("restored")
def test_every_line_says_where_it_belongs() -> None:
    """Lines of Temporal's core have their fields beside the text, its worker names runs in it, errors know requests."""
    stream = configured(LogFormat.JSON)
    run_id = "01a201b8-6725-7b9a-8a73-56c1e551e89d"
    core = SimpleNamespace(fields={"workflow_id": "w1", "run_id": run_id, "other": 1})
    error = ApplicationError("Rest Invocation error: 503", type="KuFlowActivities.RestFailure")
    error.__cause__ = ConnectionLost("GET", "http://k/p", "/p", "reset")
    error.__cause__.request_id = "r1"

    logging.getLogger("temporalio.core").warning("core", extra={"temporal_log": core})
    logging.getLogger("temporalio.worker._workflow").warning("Failed activation on workflow with run ID %s", run_id)
    logging.getLogger("temporalio.activity").warning("attempt", exc_info=error)
    logging.getLogger("acme").warning("caught", exc_info=error.__cause__)

    of_core, of_worker, attempt, caught = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (of_core["workflow_id"], of_core["run_id"], "other" in of_core) == ("w1", run_id, False)
    assert of_worker["run_id"] == run_id
    assert (attempt["request_id"], caught["request_id"]) == ("r1", "r1")


def test_a_rotated_secret_stays_hidden() -> None:
    """The old one too, in all its forms, for as long as the process lives."""

    def settings(secret: str) -> Settings:
        return Settings.model_validate({"kuflow": {"client_id": "me", "client_secret": secret}})

    redactor = Redactor.of(settings("first-secret"))
    for number in range(3):
        redactor.learn_settings(settings(f"secret-number-{number}"))

    text = "first-secret secret-number-0 secret-number-2 bWU6Zmlyc3Qtc2VjcmV0 bWU6c2VjcmV0LW51bWJlci0y"
    assert redactor.text(text) == " ".join([MASK] * 5)


@pytest.mark.usefixtures("restored")
def test_a_long_message_does_not_make_a_long_line() -> None:
    """Its middle is left out, of the traceback too; its own words stay whole elsewhere."""
    stream = configured(LogFormat.JSON)
    for name in ("temporalio.activity", "mine"):
        logging.getLogger(name).warning("failed", exc_info=ValueError("begins " + "x" * 20_000 + " ends"))
    short, whole = (json.loads(line)["exception"] for line in stream.getvalue().splitlines())

    assert len(short) < MOST_TRACEBACK + 10
    assert "begins" in short
    assert short.endswith("ends")
    assert len(whole) > 20_000


@pytest.mark.usefixtures("restored")
def test_a_changed_level_is_told_beside_the_severity_of_the_line() -> None:
    """Both are in the line, under their own names."""
    stream = configured(LogFormat.JSON)
    changed = Settings(log=LogSettings(level=LogLevel.DEBUG))
    Operations().change_settings(changed, frozenset({"log.level"}))
    said = json.loads(stream.getvalue())

    assert (said["level"], said["least"]) == ("info", "DEBUG")
