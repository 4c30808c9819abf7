"""Opens the bank's page of rates in Chromium, checks it, and keeps a picture of it for the file of a loan.

Its variables: ``RATES_PAGE``, the address; ``RATES_CURRENCY``, the code that has to have a rate; ``CHROMIUM``, the
browser, if it is not where Debian puts it.
"""

import logging
import os
import sys
from pathlib import Path

from playwright.sync_api import Browser, BrowserType, Error, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
WIDTH, HEIGHT = 1024, 640
PATIENCE = 20_000  # milliseconds

log = logging.getLogger("keep_rates")


class RobotProblem(Exception):  # noqa: N818 - reads as what it is
    """The robot cannot do its work; the message is for the people who read the task's log."""


def main() -> int:
    """The exit code."""
    # A line that begins with its level gets that level in the task's log.
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stdout)
    picture = Path(os.environ["KUFLOW_EXECUTION_OUTDIR"], "rates.png")
    try:
        keep(os.environ["RATES_PAGE"], os.environ["RATES_CURRENCY"], picture)
    except KeyError as missing:
        log.error("the robot has no variable %s", missing)  # noqa: TRY400 - no programmer reads it
        return 2
    except (RobotProblem, Error) as problem:
        log.error("%s", problem)  # noqa: TRY400 - as above
        return 1
    return 0


def keep(address: str, currency: str, picture: Path) -> None:
    """Check the page and keep it as a picture.

    Raises:
        RobotProblem: The browser is missing, or the page is not as it should be.
        Error: The browser failed.
    """
    browser_path = Path(os.environ.get("CHROMIUM", CHROMIUM))
    if not browser_path.exists():
        raise RobotProblem(f"{browser_path} is missing: install chromium, or name another in CHROMIUM")
    with sync_playwright() as playwright:
        browser = started(playwright.chromium, browser_path)
        log.info("Chromium %s", browser.version)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(PATIENCE)
        answer = page.goto(address)
        if answer is None or not answer.ok:
            raise RobotProblem(f"the page answers {'nothing' if answer is None else answer.status}")
        log.info("%s: %s", page.title(), rate_of(page, currency))
        page.screenshot(path=picture)
        browser.close()


def started(chromium: BrowserType, path: Path) -> Browser:
    """Start the browser, without its own sandbox where the machine does not let it have one.

    Raises:
        Error: It does not start.
    """
    try:
        return chromium.launch(executable_path=path, chromium_sandbox=True)
    except Error as error:
        if "sandbox" not in error.message.partition("Browser logs:")[2].partition("FATAL:")[2]:
            raise
    log.warning("this machine gives Chromium no sandbox: going without, see the robot's README")
    return chromium.launch(executable_path=path, chromium_sandbox=False)


def rate_of(page: Page, currency: str) -> float:
    """The rate in the row of a currency; scripts of the page may still be filling the table.

    Raises:
        RobotProblem: The rate is none.
        Error: There is no such row in time.
    """
    text = (
        page.locator("table tr", has=page.get_by_role("cell", name=currency, exact=True))
        .locator("td")
        .last.inner_text()
    )
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if rate <= 0:
        raise RobotProblem(f"the page has {text!r} in place of a rate")
    return rate


if __name__ == "__main__":
    sys.exit(main())
