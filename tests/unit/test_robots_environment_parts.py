"""Parts of robots' environments: versions, keys, variables, what uv's words mean."""

from pathlib import Path

import pytest

from kurun_config.robots import RobotSettings
from kurun_robots.environment import EnvironmentKey, Interpreter, NodeJs, robot_home
from kurun_robots.environment.processes import Finished
from kurun_robots.environment.uv_failures import failure_of, wants_build
from kurun_robots.environment.variables import of_uv, reaching_indexes
from kurun_robots.environment.versions import is_exactly, is_near
from kurun_robots.errors import EnvironmentInvalid, EnvironmentUnavailable
from kurun_robots.package.manifest import Manifest

PYTHON = Interpreter(Path("/usr/bin/python3.11"), "3.11.7", "cpython", "linux-x86_64", "cpython-311")


@pytest.mark.parametrize(
    ("wanted", "version", "exactly", "near"),
    [
        ("3.11.7", "3.11.7", True, True),
        ("3.11", "3.11.7", True, True),
        ("3", "3.11.7", True, True),
        ("3.11.4", "3.11.7", False, True),
        ("3.1", "3.11.7", False, False),
        ("3.12.7", "3.11.7", False, False),
        ("v3.011.7", "3.11.7", True, True),
        ("3.13.0rc1", "3.13.0rc1", True, False),
        ("3.13.0rc1", "3.13.0", False, True),
        ("3.13", "3.13.0rc1", False, False),
        ("3.11.7", "nonsense", False, False),
    ],
)
def test_versions(wanted: str, version: str, *, exactly: bool, near: bool) -> None:
    """A version is the wanted one as far as that is written; a compatible one agrees up to the release."""
    assert (exactly, near) == (is_exactly(wanted, version), is_near(wanted, version, places=2))


def manifest(**parts: object) -> Manifest:
    """A manifest with one operation."""
    return Manifest.model_validate({"operations": [{"name": "Do it", "shell": "true"}], **parts})


def test_key(tmp_path: Path) -> None:
    """What defines an environment changes its key, and nothing else does."""
    (tmp_path / "requirements.txt").write_text("one\n")
    steps = {"post-install": [{"name": "Step", "shell": "true"}]}
    keys = [
        EnvironmentKey.of(manifest(), tmp_path, PYTHON),
        EnvironmentKey.of(manifest(), tmp_path, PYTHON, NodeJs(Path("/usr/bin/node"), "20.1.0")),
        EnvironmentKey.of(manifest(), tmp_path, Interpreter(PYTHON.path, "3.11.8", "cpython", "linux-x86_64", "x")),
        EnvironmentKey.of(manifest(**steps), tmp_path, PYTHON),
    ]
    (tmp_path / "robot.py").write_text("print(1)")
    same = EnvironmentKey.of(manifest(), tmp_path, PYTHON)
    keys.append(EnvironmentKey.of(manifest(**steps), tmp_path, PYTHON))
    (tmp_path / "robot.py").chmod(0o755)
    keys.append(EnvironmentKey.of(manifest(**steps), tmp_path, PYTHON))
    (tmp_path / "requirements.txt").write_text("two\n")
    keys.append(EnvironmentKey.of(manifest(), tmp_path, PYTHON))

    assert same == keys[0]
    assert len(keys) == len({key.digest for key in keys})


GIVEN = {
    "PATH": "/venv/bin:/usr/bin",
    "HOME": "/home/worker",
    "KURUN_KUFLOW_CLIENT_SECRET": "secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "https_proxy": "http://proxy:3128",
    "SSL_CERT_FILE": "/etc/own.pem",
    "UV_DEFAULT_INDEX": "https://index/simple",
    "UV_CACHE_DIR": "/elsewhere",
    "UV_TARGET": "/elsewhere",
    "PIP_INDEX_URL": "https://index/simple",
    "PIP_TARGET": "/elsewhere",
    "PYTHONPATH": "/elsewhere",
    "VIRTUAL_ENV": "/elsewhere",
    "LD_PRELOAD": "/elsewhere.so",
}


def test_variables() -> None:
    """Foreign code gets what leads to package indexes; uv also gets its user's home; nobody gets secrets."""
    foreign = reaching_indexes(GIVEN)

    assert {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "https_proxy": "http://proxy:3128",
        "SSL_CERT_FILE": "/etc/own.pem",
        "UV_DEFAULT_INDEX": "https://index/simple",
        "PIP_INDEX_URL": "https://index/simple",
    } == foreign
    assert {**foreign, "PATH": "/venv/bin:/usr/bin", "HOME": "/home/worker"} == of_uv(GIVEN)


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ("error: No solution found when resolving dependencies\n  cause: Because x was not found", EnvironmentInvalid),
        ("error: Hash mismatch for `x==1`", EnvironmentInvalid),
        ("error: Failed to fetch: x\n  cause: Connection refused (os error 111)", EnvironmentUnavailable),
        ("error: Failed to fetch: x\n  cause: dns error", EnvironmentUnavailable),
        ("error: Failed to write\n  cause: No space left on device (os error 28)", EnvironmentUnavailable),
        ("error: No solution found\n\nhint: x could not be queried (403 Forbidden)", EnvironmentUnavailable),
        ("error: something that nobody has seen before", EnvironmentUnavailable),
        ("", EnvironmentUnavailable),
    ],
)
def test_failures(output: str, kind: type[Exception]) -> None:
    """Only what is certainly the package's mistake is called so."""
    failure = failure_of(Finished(1, output), "it cannot be installed")

    assert kind is type(failure)
    assert str(failure).startswith("it cannot be installed: ")
    assert "\n" not in str(failure)
    assert not wants_build(Finished(1, output))


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The home is the configured one, or one in a cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert Path("/srv/robots") == robot_home(RobotSettings(home=Path("/srv/robots")))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert tmp_path / "kurun" / "robots" == robot_home(RobotSettings())
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert Path("/var/cache/kurun/robots") == robot_home(RobotSettings())
