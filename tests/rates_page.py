"""The page that the robot ``screenshot`` of the examples looks at, and the browser that it takes."""

import os
import shutil

import pytest

from tests.unit.loopback import Peer

# Its script fills the table, and colours the page when it is done.
PAGE = b"""<!doctype html><title>Rates of Acme Bank</title>
<style>body {margin: 0} h1 {margin: 0; padding: 20px; color: white}</style>
<h1>Rates</h1><table id="rates"><tr><th>Currency<th>Rate</table>
<script>
fetch("rates.json").then(answer => answer.json()).then(rates => {
  document.querySelector("h1").style.background = "rgb(0, 64, 128)";
  for (const [currency, rate] of Object.entries(rates)) {
    const row = document.getElementById("rates").insertRow();
    row.insertCell().textContent = currency;
    row.insertCell().textContent = rate;
  }
})
</script>"""


def chromium() -> str:
    """The browser; without one the test is skipped."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("there is no Chromium: `make browser` installs it, or CHROMIUM names one")
    return path


async def serve_page(peer: Peer) -> None:
    """Answer one connection of a browser."""
    while True:
        target = (await peer.receive()).target
        if target == "/rates.html":
            await peer.answer(body=PAGE, content_type="text/html")
        elif target == "/rates.json":
            await peer.answer(body=b'{"GBP": 0.8806, "USD": 1.1554}')
        else:
            await peer.answer(404, b"")
