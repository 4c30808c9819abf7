"""Parts of robots' environments: versions, keys, variables, what uv's words mean."""

from pathlib import Path

import pytest

from kurun_config.robots import RobotSettings
from kurun_robots.environment import EnvironmentKey, Interpreter, NodeJs, robot_home
from kurun_robots.environment.processes import Finished
from kurun_robots.environment.uv_failures import failure_of, wants_build
from kurun_robots.environment.variables import logins, of_uv, reaching_indexes, without_logins
from kurun_robots.environment.versions import is_exactly, is_near
from kurun_robots.errors import EnvironmentInvalid, EnvironmentUnavailable
from kurun_robots.package.manifest import Manifest
from kurun_robots.run.preparing import prepare
from kurun_robots.run.request import RunRequest

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


LOGINS = {
    "UV_INDEX_URL": "http://bob:s3cret%21@host:1/simple?x=a@b",
    "UV_INDEX": "corp=https://token-123@host/a https://bob:p@ss@host/b",
    "UV_FIND_LINKS": "https://host/x@1,https://bob:third@host/y",
    "UV_INDEX_CORP_USERNAME": "bob",
    "UV_INDEX_CORP_PASSWORD": "fourth",
    "https_proxy": "bob:fifth@proxy:3128",
    "PIP_EXTRA_INDEX_URL": "https://host/c",
    "NO_PROXY": "localhost",
}


def test_logins_of_indexes() -> None:
    """Code of a package gets the addresses of indexes and proxies, and nobody's password."""
    told = without_logins(LOGINS)

    assert {
        "UV_INDEX_URL": "http://host:1/simple?x=a@b",
        "UV_INDEX": "corp=https://host/a https://host/b",
        "UV_FIND_LINKS": "https://host/x@1,https://host/y",
        "https_proxy": "proxy:3128",
        "PIP_EXTRA_INDEX_URL": "https://host/c",
        "NO_PROXY": "localhost",
    } == {name: value for name, value in told.items() if name in LOGINS}
    assert LOGINS.items() <= reaching_indexes(LOGINS).items()
    assert {"s3cret%21", "s3cret!", "token-123", "p@ss", "third", "fourth", "fifth"} == logins(LOGINS)


def test_own_path(tmp_path: Path) -> None:
    """A robot's own PATH adds folders behind those of its environment: it finds its Python all the same."""
    request = RunRequest("true", tmp_path, variables={"PATH": "/own"}, path=(Path("/environment/bin"),))

    assert "/environment/bin:/own:/usr/local/bin:/usr/bin:/bin" == prepare(request, "mark").variables["PATH"]


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
