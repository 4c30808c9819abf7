"""What ``kurun dev`` says on standard output."""

import os
import queue
import shlex
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kurun_twin.options import TwinOptions
from kurun_twin.twin_server import SETTINGS_FILE

_WIDTH = 80
_WAITING = 1000  # lines


class Printer:
    """Prints lines from a thread of its own: who does not read the output does not hold up the twin.

    Lines that find too many others waiting are left out.
    """

    def __init__(self) -> None:
        self._lines: queue.Queue[str] = queue.Queue(_WAITING)
        self._started = False

    def tell(self, line: str) -> None:
        """Print a line soon, with the time of day; to be called from one thread."""
        if not self._started:
            self._started = True
            threading.Thread(target=self._print, name="events", daemon=True).start()
        try:
            self._lines.put_nowait(f"{time.strftime('%H:%M:%S')} {line}\n")
        except queue.Full:
            return

    def _print(self) -> None:
        encoding = sys.stdout.encoding
        try:
            descriptor = sys.stdout.fileno()
            while True:
                # Past Python's buffer, whose lock would be held at the end while nobody reads.
                os.write(descriptor, self._lines.get().encode(encoding, "replace"))
        except OSError:
            return  # nobody listens any more


class Words:
    """What is said at the start and at the end."""

    def __init__(self, options: TwinOptions, say: Callable[[str], object]) -> None:
        self._say = say
        self._options = options
        self._began = time.monotonic()

    def progress(self, doing: str) -> None:
        """Say what is being done."""
        self._say(f"{doing} …")

    def ready(self, info: dict[str, Any]) -> None:
        """Say what a developer needs now; holds secrets, as a developer needs those, too."""
        settings = _short(self._options.data_dir / SETTINGS_FILE)
        lines = [
            "",
            f"Ready after {time.monotonic() - self._began:.1f} s. Ctrl-C ends it.",
            "",
            *_addresses(info, self._options),
            "",
            *_people(info),
            *_definitions(info),
            *_robots(info),
            *_k2(info),
            "Next, in another terminal, here:",
            *_run(info, settings),
            *_run_with_k2(info, settings),
            *_start(info),
            "",
        ]
        self._say("\n".join(lines))


def _addresses(info: dict[str, Any], options: TwinOptions) -> list[str]:
    kuflow, engine = info["kuflow"], info["engine"]
    rows = [
        ("KuFlow API", kuflow["endpoint"]),
        ("client id", kuflow["client_id"]),
        ("client secret", kuflow["client_secret"]),
        ("tenant", kuflow["tenant_id"]),
        ("Engine", f"{engine['address']}  (TLS with certificate and token)"),
        ("token life", f"{options.token_life.total_seconds():g} s"),
        ("Temporal", f"{engine['direct_address']}  (past the door, namespace {engine['namespace']})"),
    ]
    if engine["ui"]:
        rows.append(("Temporal page", engine["ui"]))
    return _table([*rows, ("State", str(_short(options.data_dir)))])


def _people(info: dict[str, Any]) -> list[str]:
    lines = []
    for user in info["users"]:
        rows = [("client id", user["client_id"]), ("client secret", user["client_secret"])]
        lines += [f"{user['name']} <{user['email']}>", *_table(rows), ""]
    return lines


def _definitions(info: dict[str, Any]) -> list[str]:
    definitions = info["process_definitions"]
    if not definitions:
        return ["No process definitions (see --definitions); any task queue is welcome.", ""]
    # The id has a line of its own: beside the rest it would not fit into a terminal's width.
    rows = [row for each in definitions for row in ((each["code"], _carried_out(each)), ("", f"id {each['id']}"))]
    loose = [each["code"] for each in definitions if each["process_items"] is None]
    warnings = [f"Warning: {code} declares no process items: any code is accepted" for code in loose]
    return ["Process definitions", *_table(rows), *warnings, ""]


def _carried_out(definition: dict[str, Any]) -> str:
    key_id = definition["kms_key_id"]
    confidential = "" if key_id is None else f", confidential with key {key_id}"
    return f"{definition['workflow_type']} on queue {definition['task_queue']}{confidential}"


def _robots(info: dict[str, Any]) -> list[str]:
    rows = [(each["code"], f"id {each['id']}") for each in info["robots"]]
    return ["Robots", *_table(rows), ""] if rows else []


def _k2(info: dict[str, Any]) -> list[str]:
    """Addresses and people of K2; a worker acts as the one whose name the settings file holds."""
    if "k2" not in info:
        return []
    k2 = info["k2"]
    names = {"endpoint": "Workflow REST API", "services_endpoint": "K2 Services", "oauth_authorization_url": "login"}
    rows = [("worker's account", k2["user"]), *((name, k2[key]) for key, name in names.items())]
    lines = ["K2", *_table(rows), ""]
    for user in k2["users"]:
        address = f" <{user['email']}>" if user["email"] else ""
        who = [("user", user["name"]), ("password", user["password"])]
        lines += [f"{user['display_name']}{address} in K2", *_table(who), ""]
    workflows = [(str(each["id"]), each["name"]) for each in k2["workflows"]]
    return [*lines, *(["K2 workflows", *_table(workflows), ""] if workflows else [])]


def _run(info: dict[str, Any], settings: Path) -> list[str]:
    """The command that starts a worker."""
    parts = ["kurun run", f"--config {shlex.quote(str(settings))}"]
    queues = list(dict.fromkeys(each["task_queue"] for each in info["process_definitions"]))
    if len(queues) != 1:  # with one queue the settings file names it
        parts.append(f"--worker-task-queue {shlex.quote(queues[0]) if queues else 'QUEUE'}")
    parts.append("--worker-modules YOUR.MODULE")
    whole = f"  {' '.join(parts)}"
    return [whole] if len(whole) <= _WIDTH else _continued(parts)


def _run_with_k2(info: dict[str, Any], settings: Path) -> list[str]:
    """What a worker does with K2, and how to see that it can."""
    if "k2" not in info:
        return []
    return [
        "The settings file names K2 too. For outcomes and mirrors of its tasks add:",
        "  --k2-watch true",
        "To see the tasks of the worker's account:",
        f"  kurun k2 tasks --config {shlex.quote(str(settings))}",
    ]


def _start(info: dict[str, Any]) -> list[str]:
    """How to start a process and find its task, ready to paste."""
    if not info["process_definitions"]:
        return []
    who = info["users"][0] if info["users"] else {**info["kuflow"], "name": "the worker's application"}
    first = info["process_definitions"][0]
    return [
        "",
        f"Then start a process {first['code']} and look for its task, as {who['name']}:",
        f"  export API={info['kuflow']['endpoint']}",
        f"  export ME={who['client_id']}",
        f"  ME=$ME:{who['client_secret']}",
        *_continued(
            [
                "curl -u $ME $API/processes -H 'content-type: application/json'",
                f"""-d '{{"processDefinitionId":"{first["id"]}"}}'""",
            ]
        ),
        '  curl -u $ME "$API/process-items?taskState=READY&taskState=CLAIMED"',
        'How to claim, fill in and complete it: see "Your first process" in the README.',
    ]


def _continued(parts: list[str]) -> list[str]:
    """A command over several lines."""
    return ["  " + " \\\n    ".join(parts)]


def _short(path: Path) -> Path:
    """Relative to the working directory, where it lies inside."""
    absolute = path.resolve()
    here = Path.cwd().resolve()
    return absolute.relative_to(here) if absolute.is_relative_to(here) else absolute


def _table(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"  {name:<{width}}  {value}" for name, value in rows]
