"""Asking a worker how it is, as a container does: exit codes, words and how little is imported."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kurun_config import Settings, load
from kurun_config.health import HealthSettings
from kurun_worker.cli import cli
from kurun_worker.cli.errors import reported
from kurun_worker.health.asking import ask, asked_quickly, quick_settings
from kurun_worker.health.conditions import Health
from kurun_worker.health.server import HealthServer


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither variables nor a file of the machine count."""
    for name in [each for each in os.environ if each.startswith("KURUN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def health() -> Health:
    """A worker."""
    return Health({"task_queue": "loans"}, max_loop_lag=60)


@pytest.fixture
def port(health: Health) -> Iterator[int]:
    """Where it answers."""
    with HealthServer(health, HealthSettings(port=0)) as server:
        yield server.port


def settings(port: int | None, **more: object) -> Settings:
    """Settings with this port."""
    return Settings.model_validate({"health": {"port": port, **more}})


def test_ready_or_not(health: Health, port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """0 and a word, or 1 and a line for each reason; an address to listen on everywhere is asked on this machine."""
    health.note({"token": None, "kuflow": "KuFlow: no answer", "names": "x: does not resolve"})
    not_ready = ask(settings(port), "readyz")
    said = capsys.readouterr().out
    health.note({"token": None})
    ready = ask(settings(port, host="0.0.0.0"), "readyz")  # noqa: S104 - as in a container

    assert (not_ready, ready, ask(settings(port), "livez")) == (1, 0, 0)
    assert said == "not ready\nkuflow: KuFlow: no answer\nnames: x: does not resolve\n"
    assert capsys.readouterr().out == "ready\nalive\n"


def test_the_workers_own_json(health: Health, port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """It is passed on."""
    health.note({"kuflow": "KuFlow: no answer"})
    code = ask(settings(port), "readyz", json=True)

    body = json.loads(capsys.readouterr().out)
    assert (code, body["status"], body["task_queue"]) == (1, "not ready", "loans")


def test_nobody_there(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """1 where nobody answers, or somebody else; 2 where the settings name no port."""
    codes = [ask(settings(1), "livez"), ask(settings(None), "livez"), ask(settings(0), "livez")]
    stranger = ask(settings(port), "metrics")
    lines = capsys.readouterr().err.splitlines()

    assert (codes, stranger) == ([1, 2, 2], 1)
    assert lines[0].startswith("kurun: nobody answers at 127.0.0.1:1: ")
    assert "KURUN_HEALTH_PORT" in lines[1]
    assert "only the log names" in lines[2]
    assert "no worker of kurun (HTTP 404)" in lines[3]


def test_the_quick_settings_are_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same order of sources: environment, secret files, TOML, defaults."""

    def both() -> list[tuple[object, ...]]:
        quick, whole = quick_settings(), load().settings.health
        assert quick is not None
        return [
            (quick.health.host, quick.health.port, quick.health.timeout),
            (whole.host, whole.port, whole.timeout.total_seconds()),
        ]

    pairs = [both()]
    (tmp_path / "kurun.toml").write_text('[health]\nport = 1001\nhost = "0.0.0.0"\ntimeout = 2.5\n')
    pairs.append(both())
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "kurun_health_port").write_text("1002\n")
    monkeypatch.setenv("KURUN_SECRETS_DIR", str(secrets))
    pairs.append(both())
    monkeypatch.setenv("KURUN_HEALTH_PORT", "1003")
    monkeypatch.setenv("KURUN_HEALTH_HOST", "")
    pairs.append(both())

    assert [quick for quick, _ in pairs] == [whole for _, whole in pairs]
    assert [quick[1] for quick, _ in pairs] == [None, 1001, 1002, 1003]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("TIMEOUT", value) for value in ("many", "PT5M", "[1]", "0", "-1", "nan", "inf")),
        *(("PORT", value) for value in ("70000", "-1")),
    ],
)
def test_what_is_not_plain_is_left_to_the_settings(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They say what is wrong, or know another way to write it."""
    monkeypatch.setenv(f"KURUN_HEALTH_{name}", value)

    assert quick_settings() is None
    assert asked_quickly(["check", "--live"]) is None


def test_other_commands_are_not_answered_quickly() -> None:
    """Nor is a check with flags of its own."""
    for arguments in ([], ["run"], ["check"], ["check", "--json"], ["check", "--live", "--health-port", "1"]):
        assert asked_quickly(arguments) is None


def test_two_questions_at_once_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """One answer would be taken for that of the other."""
    code = reported(lambda: cli.main(["check", "--live", "--ready"], prog_name="kurun", standalone_mode=False))

    assert (code, "ask one of them" in capsys.readouterr().err) == (2, True)


def test_a_check_imports_hardly_anything(port: int) -> None:
    """A container asks every few seconds: neither pydantic nor asyncio nor Temporal is loaded for it."""
    script = (
        "import sys; from kurun_worker.cli import main\n"
        "try: main(['check', '--live'])\n"
        "except SystemExit as end: print(end.code, sorted({'pydantic', 'asyncio', 'temporalio'} & set(sys.modules)))"
    )
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script],
        env={**os.environ, "KURUN_HEALTH_PORT": str(port)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout == "alive\n0 []\n"
