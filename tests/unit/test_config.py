"""Settings: where they come from, which place wins, and what is said when they are wrong."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import AnyHttpUrl, SecretStr

from kurun_config import ConfigurationError, KuFlowSettings, flag, load, require, setting_paths, value_at, variable

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Start each test in an empty folder without any of our variables."""
    for path, _ in setting_paths():
        monkeypatch.delenv(variable(path), raising=False)
    for name in ("KURUN_CONFIG", "KURUN_SECRETS_DIR", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "KUFLOW_ROBOT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_place_overrides_the_one_below_it(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags win over the environment, that over secret files, those over the TOML file, and that over defaults."""
    (bare / "kurun.toml").write_text(
        '[kuflow]\nclient_id = "toml"\nclient_secret = "toml"\n[worker]\ntask_queue = "toml"\nidentity = "toml"\n'
    )
    (bare / "kurun_kuflow_client_secret").write_text(SECRET + "\n")
    (bare / "kurun_kuflow_client_id").write_text("file")
    monkeypatch.setenv("KURUN_SECRETS_DIR", str(bare))
    monkeypatch.setenv("KURUN_KUFLOW_CLIENT_ID", "environment")
    monkeypatch.setenv("KURUN_WORKER_TASK_QUEUE", "environment")

    loaded = load({"worker.task_queue": "flag"})

    assert loaded.settings.worker.task_queue == "flag"
    assert loaded.settings.kuflow.client_id == "environment"
    assert loaded.settings.kuflow.client_secret == SecretStr(SECRET)
    assert loaded.settings.worker.identity == "toml"
    assert loaded.settings.engine.address == "engine.kuflow.com:443"


def test_the_origin_of_every_value_is_known(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each value that is not a default, the flag, variable or file that set it is named as a person knows it."""
    (bare / "mine.toml").write_text('[log]\nlevel = "DEBUG"\n')
    (bare / "kurun_kuflow_client_secret").write_text(SECRET)
    monkeypatch.setenv("KURUN_SECRETS_DIR", str(bare))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "localhost:7233")
    monkeypatch.setenv("KUFLOW_ROBOT_PATH", str(bare))

    loaded = load({"worker.task_queue": "q"}, file=bare / "mine.toml")

    assert loaded.origins == {
        "worker.task_queue": "--worker-task-queue",
        "kuflow.client_secret": "secret file kurun_kuflow_client_secret",
        "engine.address": "TEMPORAL_ADDRESS",
        "robots.framework_path": "KUFLOW_ROBOT_PATH",
        "log.level": f"{bare / 'mine.toml'} [log.level]",
    }


def test_our_variables_win_over_temporals(monkeypatch: pytest.MonkeyPatch) -> None:
    """TEMPORAL_NAMESPACE is understood, and KURUN_ENGINE_NAMESPACE is the more specific word."""
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "theirs")
    assert load().settings.engine.namespace == "theirs"

    monkeypatch.setenv("KURUN_ENGINE_NAMESPACE", "ours")
    assert load().settings.engine.namespace == "ours"


def test_lists_and_spans_are_easy_to_write_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists are separated by commas; spans are seconds or ISO 8601."""
    monkeypatch.setenv("KURUN_WORKER_MODULES", "acme.workflows, acme.activities")
    monkeypatch.setenv("KURUN_WORKER_DRAIN_TIMEOUT", "2.5")
    monkeypatch.setenv("KURUN_WORKER_REGISTRATION_INTERVAL", "PT5M")

    worker = load().settings.worker

    assert worker.modules == ("acme.workflows", "acme.activities")
    assert worker.drain_timeout == timedelta(seconds=2.5)
    assert worker.registration_interval == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("KURUN_WORKER_TASKQUEUE", "q", "KURUN_WORKER_TASKQUEUE: no such setting"),
        ("KURUN_LOG_LEVEL", "LOUD", "KURUN_LOG_LEVEL: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("KURUN_KUFLOW_TIMEOUT", "0", "KURUN_KUFLOW_TIMEOUT: Input should be greater than"),
        ("KURUN_HEALTH_MAX_LOOP_LAG", "2.9", "KURUN_HEALTH_MAX_LOOP_LAG: has to be 3 seconds or more"),
        ("KURUN_KUFLOW_ENDPOINT", "nowhere", "KURUN_KUFLOW_ENDPOINT: Input should be a valid URL"),
        ("KURUN_KUFLOW_ENDPOINT", "http://kuflow.example/v1", "KURUN_KUFLOW_ENDPOINT: http would show the credentials"),
        ("KURUN_KUFLOW_ENDPOINT", f"https://me:{SECRET}@kuflow.example", "KURUN_KUFLOW_ENDPOINT: an address without"),
        ("KURUN_ENGINE_ADDRESS", "localhost", "KURUN_ENGINE_ADDRESS: host and port are wanted, such as engine.kuflow."),
        ("KURUN_ENGINE_ADDRESS", "https://engine:443", "KURUN_ENGINE_ADDRESS: host and port are wanted"),
        ("KURUN_ENGINE_ADDRESS", "::1:443", "KURUN_ENGINE_ADDRESS: host and port are wanted"),
        ("KURUN_ENGINE_ADDRESS", "engine:0", "KURUN_ENGINE_ADDRESS: host and port are wanted"),
        ("KURUN_ENGINE_ADDRESS", "engine:99999999999", "KURUN_ENGINE_ADDRESS: host and port are wanted"),
        ("KURUN_KUFLOW_CLIENT_ID", "FILL_ME", "kuflow.client_id is still the placeholder FILL_ME"),
        ("KURUN_KUFLOW_TENANT_ID", "FILL_ME", "set KURUN_KUFLOW_TENANT_ID"),
        ("KURUN_SECRETS_DIR", "/nowhere", "KURUN_SECRETS_DIR: /nowhere is not a folder"),
        ("KURUN_CONFIG", "absent.toml", "absent.toml: no such settings file"),
    ],
)
def test_a_wrong_variable_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    """Whatever is wrong with a variable, the error is one line that names it."""
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError) as caught:
        load()

    assert message in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["localhost:7233", "engine.kuflow.com:443", "127.0.0.1:1", "[::1]:65535"])
def test_an_engine_has_a_host_and_a_port(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Names and addresses of both kinds."""
    monkeypatch.setenv("KURUN_ENGINE_ADDRESS", address)

    assert load().settings.engine.address == address


@pytest.mark.parametrize("endpoint", ["http://localhost:8080/v1", "http://127.0.0.1:8080/v1", "http://[::1]:8080/v1"])
def test_plain_http_is_welcome_on_this_machine(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """Only on the way to other machines could somebody listen."""
    monkeypatch.setenv("KURUN_KUFLOW_ENDPOINT", endpoint)

    assert str(load().settings.kuflow.endpoint).startswith(endpoint)


def test_plain_http_to_another_machine_can_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the way is trusted, one setting says so."""
    monkeypatch.setenv("KURUN_KUFLOW_ENDPOINT", "http://twin:8080/v1")
    monkeypatch.setenv("KURUN_KUFLOW_ALLOW_INSECURE", "true")

    assert str(load().settings.kuflow.endpoint) == "http://twin:8080/v1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[worker\n", "kurun.toml: not a TOML file"),
        ("[worker]\nmodulez = []\n", "kurun.toml [worker.modulez]: no such setting"),
        ("[wrker]\nmodules = []\n", "no such setting"),
        ("worker = 3\n", "worker"),
    ],
)
def test_a_wrong_file_is_named_in_one_line(bare: Path, text: str, message: str) -> None:
    """A TOML file that is malformed or says something unknown is named with the place."""
    (bare / "kurun.toml").write_text(text)

    with pytest.raises(ConfigurationError) as caught:
        load()

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_placeholder_that_is_overridden_does_not_matter(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only effective values count: a template may keep its placeholder when the environment gives the value."""
    (bare / "kurun.toml").write_text('[kuflow]\nclient_id = "FILL_ME"\n')
    monkeypatch.setenv("KURUN_KUFLOW_CLIENT_ID", "real")

    assert load().settings.kuflow.client_id == "real"


def test_secrets_are_masked_in_every_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    """No representation of the settings shows a secret, nor does the error that refuses one."""
    monkeypatch.setenv("KURUN_KUFLOW_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("KURUN_KUFLOW_TOKEN", SECRET)
    loaded = load()
    shown = [repr(loaded), str(loaded.settings), loaded.settings.model_dump_json(), str(loaded.settings.model_dump())]

    monkeypatch.setenv("KURUN_KUFLOW_TENANT_ID", SECRET)
    with pytest.raises(ConfigurationError) as caught:
        load()

    assert SECRET not in "".join([*shown, str(caught.value)])


def test_no_section_repeats_a_refused_value() -> None:
    """Built directly, a section refuses an address with a password and does not show it."""
    with pytest.raises(ValueError, match="without credentials") as caught:
        KuFlowSettings(endpoint=AnyHttpUrl(f"https://me:{SECRET}@kuflow.example"))

    assert SECRET not in str(caught.value)


def test_a_missing_value_names_what_sets_it() -> None:
    """What a command cannot do without is asked for by variable and flag; an empty value is none."""
    settings = load({"worker.task_queue": "q", "kuflow.client_secret": ""}).settings

    with pytest.raises(ConfigurationError) as caught:
        require(
            {
                path: value_at(settings, path)
                for path in ("worker.task_queue", "kuflow.client_id", "kuflow.client_secret", "worker.modules")
            }
        )

    assert str(caught.value) == (
        "kuflow.client_id is not set: set KURUN_KUFLOW_CLIENT_ID or --kuflow-client-id; "
        "kuflow.client_secret is not set: set KURUN_KUFLOW_CLIENT_SECRET or --kuflow-client-secret; "
        "worker.modules is not set: set KURUN_WORKER_MODULES or --worker-modules"
    )


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    """Settings are frozen, in every section."""
    settings = load().settings

    for section in type(settings).model_fields:
        model = getattr(settings, section)
        with pytest.raises(ValueError, match="frozen"):
            setattr(model, next(iter(type(model).model_fields)), None)


def test_every_setting_is_described() -> None:
    """Each setting has a description: it is the help text and the documentation."""
    undescribed = [path for path, field in setting_paths() if not field.description]

    assert undescribed == []


def test_names_of_a_setting_follow_from_its_path() -> None:
    """One rule gives variable and flag, so that nobody has to look them up."""
    assert variable("kuflow.client_id") == "KURUN_KUFLOW_CLIENT_ID"
    assert flag("kuflow.client_id") == "--kuflow-client-id"
