r"""``kurun k2`` as a process: a person logs in with a browser, and the account's tasks are listed."""

import asyncio
import html
import json
import re
import socket
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.processes import Dev, Kurun, kurun, kurun_dev

DEFINITIONS = r"""
principals: {applications: [{name: worker}], users: []}
k2:
  users:
    - {name: 'ACME\Bob', password: 'Geheim:1'}
    - {name: 'ACME\svc'}
  serverEventUsers: ['ACME\svc']
  workflows:
    - id: 7
      name: 'Loans\Approval'
      steps: [{task: Approve, destinations: ['ACME\Bob'], actions: [{name: Approve}]}]
"""

BROWSER = """
import sys
import urllib.request

print(urllib.request.urlopen(sys.argv[1] + "&auto=1&login_hint=" + sys.argv[2]).read().decode())
"""


@pytest.fixture(scope="module")
async def dev(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dev]:
    """A twin with K2, in which Bob has one task; it lets a browser log in without a password."""
    folder = tmp_path_factory.mktemp("dev")
    definitions = folder / "definitions.yaml"
    definitions.write_text(DEFINITIONS)
    async with kurun_dev(folder, "--switch", "k2_oauth_auto_login=true", definitions=definitions) as dev:
        async with httpx2.AsyncClient(auth=("ACME\\Bob", "Geheim:1")) as bob:
            started = await bob.post(f"{dev.info['k2']['endpoint']}/workflows/7", json={"folio": "Loan\x1b[31m 4711"})
            started.raise_for_status()
        yield dev


def environment(dev: Dev, folder: Path, **more: str) -> dict[str, str]:
    """What a person sets to log in."""
    names = ("endpoint", "oauth_authorization_url", "oauth_token_url", "oauth_client_id", "oauth_client_secret")
    given = {f"KURUN_K2_{name.upper()}": dev.info["k2"][name] for name in names}
    mine = {"KURUN_K2_AUTHENTICATION": "oauth", "KURUN_K2_OAUTH_TOKEN_FILE": str(folder / "login.json")}
    return {**given, **mine, "DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": "", **more}


async def ends(*arguments: str, folder: Path, **variables: str) -> tuple[int, str]:
    """Run ``kurun k2 ARGUMENTS`` to its end; exit code and output."""
    async with kurun("k2", *arguments, log=folder / "out.log", environment=variables) as running:
        async with asyncio.timeout(30):
            code = await running.process.wait()
        return code, running.lines()


async def address(running: Kurun) -> str:
    """Where the person is sent."""
    await running.says("Waiting up to")
    [found] = re.findall(r"^  (http\S+)$", running.lines(), re.MULTILINE)
    return str(found)


async def log_in(browser: httpx2.AsyncClient, url: str, user: str, password: str) -> str:
    """Fill in the form, and say where that leads."""
    page = (await browser.get(url)).text
    hidden = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page))
    form = {name: html.unescape(value) for name, value in hidden.items()}
    answer = await browser.post(url.partition("?")[0], data={**form, "username": user, "password": password})
    return str(answer.headers["location"]).replace("localhost", "127.0.0.1")


async def test_a_person_logs_in_and_the_login_is_kept(dev: Dev, tmp_path: Path) -> None:
    """The address is shown, a stranger's answer is sent away, the refresh token goes into a file of the owner's."""
    variables = environment(dev, tmp_path)
    async with (
        kurun("k2", "login", "--no-browser", log=tmp_path / "out.log", environment=variables) as running,
        httpx2.AsyncClient() as browser,
    ):
        url = await address(running)
        back = parse_qs(urlsplit(url).query)["redirect_uri"][0].replace("localhost", "127.0.0.1")
        stranger = await browser.get(f"{back}?code=stolen&state=guessed")
        page = await browser.get(await log_in(browser, url, "ACME\\Bob", "Geheim:1"))
        code = await running.process.wait()
        said = running.lines()
    file = tmp_path / "login.json"
    kept: dict[str, Any] = json.loads(file.read_text())
    listed = await ends("tasks", folder=tmp_path, **variables)

    assert (400, 200) == (stranger.status_code, page.status_code)
    assert "You may close this window" in page.text
    assert 0 == code
    assert said.splitlines()[-1] == (
        f"Logged in: K2 account k2, application {dev.info['k2']['oauth_client_id']} "
        f"at {dev.info['k2']['oauth_token_url']}; kept in {file}"
    )
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert kept["refresh_token"] not in said
    assert 0 == listed[0]
    assert "Approval  Approve" in listed[1]


async def test_a_browser_is_opened(dev: Dev, tmp_path: Path) -> None:
    """The one that the person has chosen gets the address; who uses another kind of login is told so."""
    (tmp_path / "browser.py").write_text(BROWSER)
    browser = f"{sys.executable} {tmp_path}/browser.py %s bob"
    variables = environment(dev, tmp_path, BROWSER=browser, KURUN_K2_AUTHENTICATION="basic")
    code, said = await ends("login", folder=tmp_path, **variables)

    assert 0 == code
    assert "Logged in: K2 account k2" in said
    assert "The worker does not use it yet: KURUN_K2_AUTHENTICATION is basic, not oauth." in said
    assert (tmp_path / "login.json").exists()


async def test_a_refused_login_says_what_may_help(dev: Dev, tmp_path: Path) -> None:
    """One line with the server's reason and the settings to look at, exit code 1, and nothing is kept."""
    (tmp_path / "browser.py").write_text(BROWSER)
    variables = environment(dev, tmp_path, BROWSER=f"{sys.executable} {tmp_path}/browser.py %s nobody")
    code, said = await ends("login", folder=tmp_path, **variables)
    errors = [line for line in said.splitlines() if line.startswith("kurun: ")]

    assert 1 == code
    assert ["kurun: the login was refused: access_denied The login_hint names no user"] == [
        line.partition(". Log in as somebody")[0] for line in errors
    ]
    assert "KURUN_K2_OAUTH_CLIENT_ID" in errors[0]
    assert not (tmp_path / "login.json").exists()


async def test_nobody_logs_in(dev: Dev, tmp_path: Path) -> None:
    """After the time limit one line says so, with exit code 1."""
    code, said = await ends("login", "--wait", "1", folder=tmp_path, **environment(dev, tmp_path))

    assert 1 == code
    assert "kurun: nobody logged in within 1 s: run `kurun k2 login` again" == said.splitlines()[-1]


async def test_missing_settings_are_named(tmp_path: Path) -> None:
    """Exit code 2; all that is missing is in one line."""
    code, said = await ends("login", "--k2-oauth-client-id", "app", folder=tmp_path)

    assert 2 == code
    assert 1 == said.count("\n")
    assert "KURUN_K2_OAUTH_TOKEN_URL" in said
    assert "KURUN_K2_OAUTH_AUTHORIZATION_URL" in said
    assert "KURUN_K2_OAUTH_CLIENT_ID" not in said


async def test_what_cannot_work_is_found_before_the_person_begins(dev: Dev, tmp_path: Path) -> None:
    """A port that is taken and a file that cannot be kept: exit code 2, and no address is shown."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        no_port = await ends("login", "--port", port, folder=tmp_path, **environment(dev, tmp_path))
    elsewhere = environment(dev, tmp_path, KURUN_K2_OAUTH_TOKEN_FILE="/dev/null/login.json")
    (tmp_path / "other").mkdir()
    no_file = await ends("login", folder=tmp_path / "other", **elsewhere)

    assert (2, 1) == (no_port[0], no_port[1].count("\n"))
    assert no_port[1].startswith(f"kurun: --port {port}: cannot be listened on: ")
    assert (2, 1) == (no_file[0], no_file[1].count("\n"))
    assert no_file[1].startswith("kurun: /dev/null/login.json.lock: cannot be opened: ")
    assert "KURUN_K2_OAUTH_TOKEN_FILE" in no_file[1]


async def test_tasks_are_listed_with_user_and_password(dev: Dev, tmp_path: Path) -> None:
    """A table for people, from which a terminal takes no commands, and JSON with K2's own names for programs."""
    account = {"KURUN_K2_AUTHENTICATION": "basic", "KURUN_K2_USER": "ACME\\Bob", "KURUN_K2_PASSWORD": "Geheim:1"}
    variables = environment(dev, tmp_path, **account)
    table = await ends("tasks", folder=tmp_path, **variables)
    (tmp_path / "json").mkdir()
    document = await ends("tasks", "--json", folder=tmp_path / "json", **variables)
    (tmp_path / "asleep").mkdir()
    asleep = await ends("tasks", "--state", "Sleep", folder=tmp_path / "asleep", **variables)
    listed = json.loads(document[1])
    serial_number = listed["tasks"][0]["serialNumber"]

    assert (0, 0, 0) == (table[0], document[0], asleep[0])
    heading, row = table[1].splitlines()
    assert ["serial number", "status", "since (UTC)", "workflow", "activity", "folio"] == re.split(r"  +", heading)
    cells = re.split(r"  +", row)
    assert [serial_number, "Available", "Approval", "Approve", "Loan [31m 4711"] == [*cells[:2], *cells[3:]]
    assert 1 == listed["itemCount"]
    assert "No tasks.\n" == asleep[1]


async def test_refused_credentials_and_a_missing_login_are_one_line(dev: Dev, tmp_path: Path) -> None:
    """Exit code 1; without a login the line says how to get one."""
    wrong = {"KURUN_K2_AUTHENTICATION": "basic", "KURUN_K2_USER": "ACME\\Bob", "KURUN_K2_PASSWORD": "wrong"}
    refused = await ends("tasks", folder=tmp_path, **environment(dev, tmp_path, **wrong))
    (tmp_path / "new").mkdir()
    nobody = await ends("tasks", folder=tmp_path / "new", **environment(dev, tmp_path / "new"))

    assert (1, 1) == (refused[0], refused[1].count("\n"))
    assert refused[1].startswith(
        f"kurun: K2 at {dev.info['k2']['endpoint']} refuses ACME\\Bob: check k2.user and k2.password"
    )
    assert "401" in refused[1]
    assert (1, "kurun: there is no K2 login: run `kurun k2 login`\n") == nobody


@pytest.mark.parametrize("there", [True, False])
async def test_a_wrong_address_is_one_line(dev: Dev, tmp_path: Path, there: bool) -> None:
    """It names K2 and the address; where something answers that is not K2's API, also the setting."""
    account = {"KURUN_K2_AUTHENTICATION": "basic", "KURUN_K2_USER": "ACME\\Bob", "KURUN_K2_PASSWORD": "Geheim:1"}
    wrong = f"{dev.info['k2']['endpoint']}/v1" if there else "http://127.0.0.1:1/api/workflow/v1"
    variables = environment(dev, tmp_path, **account, KURUN_K2_ENDPOINT=wrong)
    code, said = await ends("tasks", folder=tmp_path, **variables)

    assert (1, 1) == (code, said.count("\n"))
    if there:
        assert said.startswith(f"kurun: K2 at {wrong}: GET /tasks: 404 Not Found: No HTTP resource was found")
        assert said.endswith(": is k2.endpoint right?\n")
    else:
        assert said.startswith("kurun: K2 at 127.0.0.1:1: GET /tasks: cannot connect to")


async def test_dev_says_what_a_developer_needs_of_k2(dev: Dev, tmp_path: Path) -> None:
    """Addresses, people with their passwords and workflows are shown; the command that lists tasks works as printed."""
    k2, said = dev.info["k2"], dev.kurun.lines()
    [printed] = re.findall(r"^  kurun (k2 tasks --config .*)$", said, re.MULTILINE)
    async with kurun(*printed.split(), log=tmp_path / "out.log", folder=dev.kurun.log.parent) as running:
        code = await running.process.wait()

    shown = [k2["endpoint"], k2["services_endpoint"], k2["oauth_authorization_url"], "7  Loans\\Approval"]
    shown += [user[key] for user in k2["users"] for key in ("name", "password")]
    assert [] == [text for text in shown if text not in said]
    assert [] == [line for line in said.splitlines() if len(line) > 80]
    assert (0, "No tasks.\n") == (code, (tmp_path / "out.log").read_text())
