"""``kurun robot`` as a process: a robot's package is checked and made."""

import asyncio
from pathlib import Path

from kurun_robots.package import PackageLimits, unpack
from tests.processes import kurun

MANIFEST = """
operations:
  - name: Say hello
    shell: python main.py
tools:
  python: 3.11
"""


def robot(folder: Path, manifest: str = MANIFEST) -> Path:
    """A folder with a robot."""
    folder.mkdir()
    (folder / "kubot.yaml").write_text(manifest)
    (folder / "main.py").write_text("print('hello')\n")
    (folder / "__pycache__").mkdir()
    return folder


async def ends(*arguments: str, folder: Path, **variables: str) -> tuple[int, str]:
    """Run ``kurun robot ARGUMENTS`` to its end; exit code and output."""
    log = folder.parent / f"{folder.name}.log"
    log.unlink(missing_ok=True)
    async with kurun("robot", *arguments, log=log, folder=folder, environment=variables) as running:
        async with asyncio.timeout(30):
            code = await running.process.wait()
        return code, running.lines()


async def test_a_robot_is_packed_checked_and_unpacked(tmp_path: Path) -> None:
    """From its folder, with nothing said but what it is."""
    source = robot(tmp_path / "hello")
    packed = await ends("pack", ".", folder=source)
    content = (source / "hello.zip").read_bytes()
    checked = await ends("check", "hello.zip", folder=source)
    manifest = unpack(source / "hello.zip", tmp_path / "unpacked", PackageLimits.usual())

    assert 0 == packed[0], packed[1]
    assert "left out: __pycache__/" == packed[1].splitlines()[0]
    assert packed[1].splitlines()[1].startswith(f"hello.zip: 2 files, {len(content):,} bytes, sha256 ")
    assert (0, "hello.zip: valid\n") == checked
    assert "Say hello" == manifest.operations[0].name
    assert {"kubot.yaml", "main.py"} == {each.name for each in (tmp_path / "unpacked").iterdir()}


async def test_mistakes_are_listed_with_their_lines(tmp_path: Path) -> None:
    """Each is a line; the exit code says that an input is wrong, and nothing is packed."""
    source = robot(tmp_path / "hello", "operations:\n  - name: A\n    shel: a\ntools: {python: new}\n")
    (source / "link").symlink_to("main.py")
    said = [
        "link: a link: packages hold files and folders only",
        "kubot.yaml:2: operations.0.shell: is missing",
        "kubot.yaml:3: operations.0.shel: no such key; is shell meant?",
        "kubot.yaml:4: tools.python: a version such as 3.11.4 is wanted",
    ]
    code, output = await ends("pack", str(source), folder=tmp_path)

    assert 2 == code
    assert sorted([*said, f"kurun: {source}: 4 problems"]) == sorted(output.splitlines())
    assert ["hello"] == [each.name for each in tmp_path.iterdir()]
