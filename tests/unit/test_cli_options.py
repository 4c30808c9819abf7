"""The flags of the command line and the report of the settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kurun_config import flag, setting_paths, variable
from kurun_worker.cli import COMMANDS, cli
from kurun_worker.cli.config import command as config
from kurun_worker.cli.demo import command as demo
from kurun_worker.cli.errors import describe, reported
from kurun_worker.cli.k2.login import login
from kurun_worker.cli.run import command as run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without settings, an environment without ours."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("KURUN_", "TEMPORAL_"))]:
        monkeypatch.delenv(name)
    return tmp_path


def settings(*arguments: str) -> dict[str, dict[str, object]]:
    """What ``kurun config --json`` says."""
    outcome = CliRunner().invoke(config, ["--json", *arguments], catch_exceptions=False)
    document: dict[str, dict[str, object]] = json.loads(outcome.output)
    return document


def test_every_setting_has_a_flag_with_its_help() -> None:
    """The settings are the one source of the command line; nothing is written twice."""
    flags = {option: parameter for parameter in run.params for option in parameter.opts}

    for path, field in setting_paths():
        option = flags[flag(path)]
        assert isinstance(option, click.Option)
        assert (field.description or "").replace("`", "") in (option.help or "")
        assert variable(path) in (option.help or "")


def test_a_flag_goes_before_the_environment_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The origin of each value is shown."""
    monkeypatch.setenv("KURUN_WORKER_TASK_QUEUE", "from-environment")
    monkeypatch.setenv("KURUN_ENGINE_NAMESPACE", "here")

    effective = settings("--worker-task-queue", "from-flag", "--worker-sandbox", "false")

    assert effective["worker.task_queue"] == {"value": "from-flag", "origin": "--worker-task-queue"}
    assert effective["worker.sandbox"]["value"] is False
    assert effective["engine.namespace"] == {"value": "here", "origin": "KURUN_ENGINE_NAMESPACE"}
    assert effective["kuflow.retries"]["origin"] == "default"


def test_several_values_are_separated_by_commas() -> None:
    """As in the environment."""
    assert settings("--worker-modules", "a.b, c")["worker.modules"]["value"] == ["a.b", "c"]


@pytest.mark.parametrize("form", [["--json"], []])
def test_secrets_are_never_shown(form: list[str]) -> None:
    """Neither in the table nor in the JSON."""
    outcome = CliRunner().invoke(config, [*form, "--kuflow-client-secret", "s3cr3t"], catch_exceptions=False)

    assert "s3cr3t" not in outcome.output
    assert "**********" in outcome.output


def test_the_table_is_aligned() -> None:
    """Columns begin where their headings do."""
    outcome = CliRunner().invoke(config, ["--worker-task-queue", "loans"], catch_exceptions=False)

    heading, *lines = outcome.output.splitlines()
    column = heading.index("origin")
    assert all(line[column - 1] == " " and line[column] != " " for line in lines)


def test_a_named_file_is_read(elsewhere: Path) -> None:
    """``--config`` names a TOML file."""
    (elsewhere / "mine.toml").write_text('[worker]\ntask_queue = "from-file"\n')

    assert settings("--config", "mine.toml")["worker.task_queue"]["value"] == "from-file"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["config", "--kuflow-retries", "many"], "--kuflow-retries: "),
        (["config", "--nonsense"], "--nonsense"),
        (["config", "--config", "absent.toml"], "absent.toml: no such settings file"),
        (["nonsense"], "nonsense"),
        (["config", "--kuflow-client-id", "FILL_ME"], "KURUN_KUFLOW_CLIENT_ID"),
        (["run"], "worker.task_queue is not set: set KURUN_WORKER_TASK_QUEUE or --worker-task-queue"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever called reads what to change, without a traceback."""
    code = reported(lambda: cli.main(args=arguments, prog_name="kurun", standalone_mode=False))

    line = capsys.readouterr().err
    assert code == 2
    assert line.startswith("kurun: ")
    assert said in line
    assert line.count("\n") == 1


def test_a_failure_is_one_line_and_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traceback is for those who ask for it."""

    def fail() -> None:
        raise OSError("no\nspace")

    quiet = (reported(fail), capsys.readouterr().err)
    monkeypatch.setenv("KURUN_LOG_LEVEL", "DEBUG")
    loud = (reported(fail), capsys.readouterr().err)

    assert quiet == (1, "kurun: OSError: no space\n")
    assert loud[0] == 1
    assert "Traceback" in loud[1]
    assert describe(KeyError()) == "KeyError"


def test_the_help_imports_neither_temporal_nor_the_settings() -> None:
    """``kurun --help`` is quick because it loads click and nothing else."""
    script = (
        "import sys; from kurun_worker.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as ended: code = ended.code\n"
        "print(code, sorted({'temporalio', 'pydantic', 'aiohttp'} & set(sys.modules)), file=sys.stderr)"
    )

    ended = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )

    assert ended.stderr.strip() == "0 []"
    assert all(name in ended.stdout for name in COMMANDS)


@pytest.mark.parametrize(("command", "extra"), [("dev", "twin"), ("demo", "twin"), ("k2", "k2")])
def test_a_command_without_its_extra_says_what_to_install(
    command: str, extra: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``pip install kurun`` is a worker and no more; the twin and K2 are extras."""
    monkeypatch.setitem(sys.modules, f"kurun_worker.cli.{command}", None)
    monkeypatch.setattr("importlib.import_module", missing)

    code = reported(lambda: cli.main(args=[command], prog_name="kurun", standalone_mode=False))

    assert code == 2
    assert capsys.readouterr().err == (
        f"kurun: `kurun {command}` needs starlette, which is not installed: pip install 'kurun[{extra}]'\n"
    )


def test_the_demo_with_k2_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The twin's extra plays K2; who acts there needs K2's clients too."""
    monkeypatch.setattr("importlib.import_module", missing)

    code = reported(lambda: demo.main(args=["--k2"], prog_name="kurun demo", standalone_mode=False))

    assert code == 2
    assert capsys.readouterr().err.endswith("starlette, which is not installed: pip install 'kurun[k2]'\n")


def test_commands_of_k2_have_the_flags_of_its_settings_only() -> None:
    """What else a worker is told has nothing to do with them."""
    flags = {option for parameter in login.params for option in parameter.opts}

    assert {flag(path) for path, _ in setting_paths() if path.startswith("k2.")} <= flags
    assert {"--config", "--no-browser", "--port", "--wait"} == {each for each in flags if "--k2-" not in each}


def missing(_name: str) -> None:
    """What an import says when starlette is not installed."""
    raise ModuleNotFoundError("No module named 'starlette'", name="starlette")


def test_the_version_is_shown() -> None:
    """``kurun --version``."""
    assert CliRunner().invoke(cli, ["--version"]).output.startswith("kurun ")
