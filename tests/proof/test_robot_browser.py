"""The example robot with a browser, run by hand."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.integration.robot_runs import open_folder, robot_python
from tests.processes import kurun
from tests.proof.conftest import Figure
from tests.rates_page import chromium, serve_page
from tests.unit.loopback import serving

PACKAGE = Path(__file__).parents[2] / "examples" / "robots" / "screenshot"


@pytest.fixture
def home() -> Iterator[Path]:
    """Where robots live."""
    yield from open_folder()


async def test_the_picture_is_taken_by_hand(home: Path, tmp_path: Path, figure: Figure) -> None:
    """It lies where one wants it; the second run takes the environment of the first."""
    async with serving(serve_page) as page:
        variables = {"RATES_PAGE": f"{page.url}/rates.html", "RATES_CURRENCY": "GBP", "CHROMIUM": chromium()}
        given = [part for name, value in variables.items() for part in ("--variable", f"{name}={value}")]
        arguments = ("robot", "run", str(PACKAGE), "--operation", "Keep the rates", *given, "-o", str(tmp_path))
        settings = {"KURUN_ROBOTS_HOME": str(home), "KURUN_ROBOTS_PYTHON": robot_python(), "UV_HTTP_TIMEOUT": "100"}
        for name in ("without a cache", "again"):
            began = asyncio.get_running_loop().time()
            async with kurun(*arguments, log=tmp_path / name, environment=settings) as running:
                code = await running.process.wait()
            figure(f"a picture by hand, {name}", f"{asyncio.get_running_loop().time() - began:.1f} s", "to compare")

            assert 0 == code, running.lines()
            assert "INFO Rates of Acme Bank: 0.8806" in running.lines().splitlines()
            with Image.open(tmp_path / "rates.png") as picture:
                assert (1024, 640) == picture.size
    assert "making an environment" in (tmp_path / "without a cache").read_text()
    assert "making an environment" not in (tmp_path / "again").read_text()
