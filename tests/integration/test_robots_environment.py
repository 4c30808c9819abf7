"""Environments of robots made by the real uv: what is in them, and what they are shared for."""

import asyncio
import stat
from pathlib import Path

import pytest

from kurun_robots.errors import EnvironmentInvalid
from tests.integration.robot_environments import (
    Index,
    Stage,
    counted,
    index,
    lease_once,
    manifest,
    python_says,
    sha256,
    source,
    stage,
    until_joined,
    wheel,
)
from tests.integration.robot_runs import NOBODY
from tests.integration.robot_runs import ROOT as IS_ROOT

__all__ = ["index", "stage"]


async def test_requirements(stage: Stage) -> None:
    """The environment has what the package requires, what that requires, and its programs."""
    package = stage.package("tool  # the newest\n")

    async with stage.environments().lease(manifest(), package, stage.said.append) as environment:
        said = await python_says(environment, "import tool, part, sys; print(tool.VERSION, part.VERSION, sys.prefix)")
        program = environment.path_entries[0] / "tool"
        process = await asyncio.create_subprocess_exec(str(program), stdout=asyncio.subprocess.PIPE)

        assert f"1.5 2.0 {environment.python.parents[1]}" == said
        assert b"hello\n" == (await process.communicate())[0]
        assert {"VIRTUAL_ENV": str(environment.python.parents[1])} == environment.variables
        assert (None, None) == (environment.nodejs, environment.package)
    assert any(line.startswith("making an environment with Python 3.") for line in stage.said)
    assert any("Installed 2 packages" in line for line in stage.said)


async def test_bare(stage: Stage, index: Index) -> None:
    """A package without requirements gets a Python without packages, and nothing is fetched for it."""
    environment = await lease_once(stage, stage.package())

    assert "ModuleNotFoundError" in (await python_says(environment, "import tool")).splitlines()[-1]
    assert [] == index.asked


async def test_kept(stage: Stage, index: Index) -> None:
    """The same requirements have the same environment, in other packages and other workers, without the index."""
    first = await lease_once(stage, stage.package("tool\n"))
    index.status = 500
    stage.said.clear()
    second = await lease_once(stage, stage.package("tool\n", "other", {"robot.py": "print(1)"}))

    assert first == second
    assert [] == stage.said


async def test_others(stage: Stage, index: Index) -> None:
    """Other requirements have another environment, although they are in an included file."""
    index.add(wheel("tool", "1.4"))
    package = stage.package("-r more/deep.txt\n", files={"more/deep.txt": "tool==1.4\n"})
    first = await lease_once(stage, package)
    (package / "more/deep.txt").write_text("tool==1.5\n")
    second = await lease_once(stage, package)

    assert first.key != second.key
    assert ["1.4", "1.5"] == [await python_says(each, "import tool; print(tool.VERSION)") for each in (first, second)]


async def test_constraints(stage: Stage, index: Index) -> None:
    """Constraints hold what is required, and require nothing themselves."""
    index.add(wheel("tool", "1.4"), wheel("loose"))
    package = stage.package("-c held.txt\ntool\n", files={"held.txt": "tool<1.5\nloose==1.0\n"})
    environment = await lease_once(stage, package)

    assert "1.4" == await python_says(environment, "import tool; print(tool.VERSION)")
    assert "ModuleNotFoundError" in await python_says(environment, "import loose")


async def test_wheel_of_package(stage: Stage) -> None:
    """A package brings a wheel of its own; another wheel is another environment."""
    name, content = wheel("own", "3.0")
    package = stage.package(f"./wheels/{name}\n", files={f"wheels/{name}": content})
    first = await lease_once(stage, package)
    (package / "wheels" / name).write_bytes(wheel("own", "3.0", program="changed")[1])
    second = await lease_once(stage, package)

    assert "3.0" == await python_says(first, "import own; print(own.VERSION)")
    assert "changed" == await python_says(second, "import own; own.main()")
    assert first.key != second.key


async def test_hashes(stage: Stage, index: Index) -> None:
    """Hashes of the requirements are held against what comes."""
    content = index.files["part-2.0-py3-none-any.whl"]
    good = await lease_once(stage, stage.package(f"part==2.0 --hash=sha256:{sha256(content)}\n"))

    assert "2.0" == await python_says(good, "import part; print(part.VERSION)")
    with pytest.raises(EnvironmentInvalid, match=r"Hash mismatch for `part==2.0`"):
        await lease_once(stage, stage.package(f"part==2.0 \\\n  --hash=sha256:{'0' * 64}\n", "wrong"))


async def test_source(stage: Stage, index: Index) -> None:
    """What is there only as source code is built."""
    index.add(source("raw", "0.3"))
    environment = await lease_once(stage, stage.package("raw\ntool\n"))

    assert "0.3" == await python_says(environment, "import raw, tool; print(raw.VERSION)")
    assert "something is there only as source code: building it" in stage.said
    assert not list(environment.python.parents[2].glob("scratch*"))


async def test_source_of_package(stage: Stage, index: Index) -> None:
    """A package's own folder can be required; it is built like any source."""
    index.add(source("raw"))
    backend = "def build_wheel(folder, *_):\n    raise SystemExit('it was built')\n"
    project = (
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "mine"\nversion = "1"\n'
    )
    package = stage.package("./mine\n", files={"mine/backend.py": backend, "mine/pyproject.toml": project})

    with pytest.raises(EnvironmentInvalid, match=r"Failed to build.*it was built"):
        await lease_once(stage, package)


@pytest.mark.skipif(not IS_ROOT, reason="only root can give robots a user of their own")
async def test_foreign_code_has_no_rights(stage: Stage, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code of a source distribution runs as the robots' user, without the worker's variables."""
    monkeypatch.setenv("WORKER_SECRET", "not for robots")
    index.add(source("raw", prelude="raise SystemExit(f'user {os.getuid()} {os.environ.get(\"WORKER_SECRET\")}')"))

    with pytest.raises(EnvironmentInvalid, match=f"user {NOBODY} None"):
        await lease_once(stage, stage.package("raw\n"))


@pytest.mark.skipif(not IS_ROOT, reason="only root can give robots a user of their own")
async def test_read_only(stage: Stage, index: Index) -> None:
    """Nothing in an environment is the robots' user's, whoever made it; all of it can be read."""
    index.add(source("raw"))
    steps = [
        {
            "name": "leave",
            "shell": "umask 0; cd $VIRTUAL_ENV; touch mine; chmod 4777 mine; mkfifo pipe; ln -s /etc/shadow link",
        }
    ]
    async with stage.environments().lease(manifest(**{"post-install": steps}), stage.package("raw\n")) as environment:
        place = environment.python.parents[2]
        found = [path.lstat() for path in (place, *place.rglob("*"))]
        files = [each for each in found if not stat.S_ISLNK(each.st_mode)]

        assert {(0, 0)} == {(each.st_uid, each.st_gid) for each in found}
        assert {0o644, 0o755} == {stat.S_IMODE(each.st_mode) for each in files}
        assert {stat.S_IFREG, stat.S_IFDIR} == {stat.S_IFMT(each.st_mode) for each in files}
        assert Path("/etc/shadow").stat().st_mode & 0o007 == 0


async def test_compiled(stage: Stage) -> None:
    """Modules are compiled beforehand, as a robot may not keep what it compiles."""
    environment = await lease_once(stage, stage.package("tool\n"))

    assert [] != list(environment.python.parents[1].glob("lib/python*/site-packages/__pycache__/tool.*.pyc"))


async def test_ten_at_once(stage: Stage, index: Index) -> None:
    """Ten tasks that ask at the same time have one environment, made once, and all are told."""
    index.add(counted(stage))
    environments, package = stage.environments(), stage.package("raw\n")
    said: list[list[str]] = [[] for _ in range(10)]

    async def ask(lines: list[str]) -> Path:
        async with environments.lease(manifest(), package, lines.append) as environment:
            return environment.python

    index.hold = asyncio.Event()
    asking = [asyncio.create_task(ask(lines)) for lines in said]
    await until_joined(environments, 10)
    index.hold.set()

    assert 1 == len(set(await asyncio.gather(*asking)))
    assert "x" == (stage.folder / "open" / "count").read_text()
    assert all(any("Installed" in line for line in lines) for lines in said)
    assert 1 == len(stage.places())


async def test_ten_fail_once(stage: Stage, index: Index) -> None:
    """Ten tasks that ask for something impossible are all told so after one try."""
    index.add(counted(stage, "; raise SystemExit('no')"))
    environments, package = stage.environments(), stage.package("raw\n")

    async def ask() -> str:
        with pytest.raises(EnvironmentInvalid) as caught:
            async with environments.lease(manifest(), package):
                pass
        return str(caught.value)

    index.hold = asyncio.Event()
    asking = [asyncio.create_task(ask()) for _ in range(10)]
    await until_joined(environments, 10)
    index.hold.set()

    assert 1 == len(set(await asyncio.gather(*asking)))
    assert "x" == (stage.folder / "open" / "count").read_text()
    assert [] == stage.places()


async def test_post_install(stage: Stage) -> None:
    """Steps run once an environment, in order, beside the package's files; what they leave is handed to the runs."""
    steps = [
        {"name": "First", "shell": "cat given.txt > made.txt; echo once >> $VIRTUAL_ENV/count; echo first"},
        {"name": "Second step", "shell": "python -c 'import tool; print(tool.VERSION)' >> made.txt\npip --version"},
    ]
    package = stage.package("tool\n", files={"given.txt": "given "})
    for _ in range(2):
        async with stage.environments().lease(
            manifest(**{"post-install": steps}), package, stage.said.append
        ) as leased:
            assert leased.package is not None
            assert "given 1.5\n" == (leased.package / "made.txt").read_text()
            assert "once\n" == (leased.python.parents[1] / "count").read_text()

    told = [line for line in stage.said if line.startswith(("post-install", "first", "pip "))]
    assert ["post-install: First", "first", "post-install: Second step"] == told[:3]
    assert told[3].startswith("pip ")
    assert ["given.txt", "requirements.txt"] == sorted(path.name for path in package.iterdir())


async def test_logins_of_indexes(stage: Stage, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Building from an index has them; post-install steps do not, nor has what a package brings to build."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url.replace("://", "://bob:s3cret-one@"))
    monkeypatch.setenv("UV_INDEX_CORP_PASSWORD", "s3cret-two")
    folder = stage.folder / "open"
    folder.mkdir()
    folder.chmod(0o777)
    index.add(source("raw", prelude=f"open('{folder}/index', 'w').write(str(os.environ))"))
    backend = source("own", prelude=f"open('{folder}/package', 'w').write(str(os.environ))")
    steps = [{"name": "See", "shell": f"env > {folder}/step; echo s3cret-one s3cret-two"}]
    await lease_once(stage, stage.package("raw\n"))
    package = stage.package("./own-1.0.tar.gz\n", "with its own", {backend[0]: backend[1]})
    async with stage.environments().lease(manifest(**{"post-install": steps}), package, stage.said.append):
        pass

    seen = {each.name: each.read_text() for each in folder.iterdir()}
    assert {"index"} == {name for name, text in seen.items() if "s3cret" in text}
    assert {"index", "package", "step"} == set(seen)
    assert index.url in seen["step"]
    assert "********** **********" in stage.said
    assert "s3cret" not in str(stage.said)


async def test_post_install_fails(stage: Stage) -> None:
    """A step that fails says which, and how; nothing is kept."""
    steps = [{"name": "Fetch it", "shell": "echo cannot >&2; exit 7"}]

    with pytest.raises(EnvironmentInvalid, match="post-install step 'Fetch it' ended with 7: cannot"):
        async with stage.environments().lease(manifest(**{"post-install": steps}), stage.package()):
            pass
    assert [] == stage.places()


async def test_post_install_counts_the_package(stage: Stage) -> None:
    """Steps may use any file of the package, so that another file is another environment."""
    parts = {"post-install": [{"name": "See", "shell": "true"}]}
    package = stage.package(files={"data.txt": "1"})
    keys = []
    for content in ("1", "2"):
        (package / "data.txt").write_text(content)
        async with stage.environments().lease(manifest(**parts), package) as environment:
            keys.append(environment.key)

    assert 2 == len(set(keys))
