"""The systemd unit and its drop-in: read, held against the worker, and judged by systemd where it is here."""

import re
import shutil
import subprocess
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from kurun_config import Settings, flag, setting_paths, variable
from kurun_robots.run.keeper import nest
from kurun_worker.departure import STOP_MARGIN

UNIT = Path(__file__).parents[2] / "deploy/systemd/kurun@.service"
README = (UNIT.parents[1] / "README.md").read_text()
FOR_ROBOTS = UNIT.with_name("robots.conf")
MOST_EXPOSED = {"as it is": 20, "with robots": 35}
"""Tenths of systemd's scale from 0 (best) to 10; its own services are mostly above 90."""
COVERING_PROC = {"ProtectHostname", "ProtectKernelLogs", "ProtectKernelTunables"}
"""What makes systemd mount something over parts of /proc, see its ``namespace.c``."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")


def parsed(file: Path = UNIT) -> dict[str, list[str]]:
    """``Section.Key`` with all its values."""
    values: dict[str, list[str]] = defaultdict(list)
    section = ""
    for line in file.read_text().splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading[1]
        elif line and not line.startswith("#"):
            key, sign, value = line.partition("=")
            assert sign, line
            values[f"{section}.{key}"].append(value)
    return values


def test_it_gets_more_time_to_end_than_the_drain_takes() -> None:
    """Systemd kills at the end of it; by then the worker is gone by itself."""
    [seconds] = parsed()["Service.TimeoutStopSec"]

    assert float(seconds) > Settings().worker.drain_timeout.total_seconds() + STOP_MARGIN


def test_it_is_started_again_for_ever_whatever_ended_it() -> None:
    """Exit code 2 too: it may be a secret that is being changed while the machine starts; but never in a hurry."""
    unit = parsed()

    assert unit["Service.Restart"] == ["always"]
    assert "Service.RestartPreventExitStatus" not in unit
    assert float(unit["Service.RestartSec"][0]) >= 10
    assert unit["Unit.StartLimitIntervalSec"] == ["0"]


def test_it_speaks_to_the_worker_as_the_worker_listens() -> None:
    """SIGTERM goes to the worker alone, SIGHUP reloads, and what the command line names is there."""
    unit = parsed()
    names = {variable(path) for path, _ in setting_paths()} | {"KURUN_SECRETS_DIR"}
    given = [each.partition("=")[0] for line in unit["Service.Environment"] for each in line.split()]
    [start] = unit["Service.ExecStart"]
    flags = {each for each in start.split() if each.startswith("--")}

    assert unit["Service.KillMode"] == ["mixed"]
    assert unit["Service.ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert {each for each in given if each.startswith("KURUN_")} <= names
    assert flags <= {flag(path) for path, _ in setting_paths()} | {"--config"}


def test_robots_can_have_namespaces() -> None:
    """The drop-in takes back what keeps a robot from namespaces and a /proc of its own, and nothing else."""
    unit, robots = parsed(), parsed(FOR_ROBOTS)
    calls = {name for name in ("unshare", "mount") if f"kernel.{name}(" in Path(nest.__file__).read_text()}
    covering = {f"Service.{name}" for name in COVERING_PROC}

    assert calls == {"unshare", "mount"}  # the first is @process, and so in @system-service
    assert (unit["Service.SystemCallFilter"], robots["Service.SystemCallFilter"]) == (["@system-service"], ["@mount"])
    assert robots["Service.RestrictNamespaces"] == ["no"]
    assert all(unit[name] == ["yes"] and robots[name] == ["no"] for name in covering)
    assert set(robots) == covering | {"Service.RestrictNamespaces", "Service.SystemCallFilter"}
    assert "Service.ProcSubset" not in unit


def installed(folder: Path, kind: str) -> Path:
    """The unit as it is installed, for robots or not; only the program is replaced by one that is here."""
    copy = folder / UNIT.name
    copy.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text()))
    if kind == "with robots":
        folder.joinpath(f"{UNIT.name}.d").mkdir()
        shutil.copy(FOR_ROBOTS, folder / f"{UNIT.name}.d")
    return copy


def test_the_steps_make_what_the_unit_names() -> None:
    """Whoever follows the README has settings, secrets and programs where the unit looks for them."""
    steps = README.partition("## systemd")[2].partition("```console\n")[2].partition("```")[0]
    named = {line.split()[1] for line in UNIT.read_text().splitlines() if line.startswith("#   /")}
    [settings] = re.findall(r"printf '(.*)' > /etc/kurun/loans.toml && chmod 644 /etc/kurun/loans.toml", steps)
    worker = Settings.model_validate(tomllib.loads(settings.replace(r"\n", "\n"))).worker

    assert named == {"/etc/kurun/loans.toml", "/etc/kurun/loans.secrets/", "/opt/kurun"}
    assert [each for each in named if each.rstrip("/") not in steps] == []
    assert worker.modules == ("acme.loans",)


@needs_systemd
@pytest.mark.parametrize("kind", MOST_EXPOSED)
def test_systemd_understands_it(tmp_path: Path, kind: str) -> None:
    """Every key and value is one that systemd knows."""
    copy = installed(tmp_path, kind)
    verified = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)  # noqa: S603, S607

    assert (verified.returncode, verified.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("kind", MOST_EXPOSED)
def test_systemd_finds_it_well_locked_up(tmp_path: Path, kind: str) -> None:
    """Its exposure stays low, also where robots need a little more."""
    threshold = f"--threshold={MOST_EXPOSED[kind]}"
    command = ["systemd-analyze", "security", "--offline=yes", threshold, str(installed(tmp_path, kind))]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603

    assert judged.returncode == 0, judged.stdout.splitlines()[-1]
