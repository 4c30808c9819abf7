"""Robots that mean harm, and what a workflow has to see of each."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kurun_activities.robot_runs.failure_types import LIMIT_EXCEEDED, PACKAGE_INVALID, RUN_FAILED
from tests.integration.robot_runs import ROOT
from tests.unit.robots_package_bytes import DEFLATED, Raw, zip_of

LIMITS: dict[str, str] = {
    "TIMEOUT": "10",
    "HEARTBEAT_TIMEOUT": "6",
    "STOP_GRACE": "1",
    "MAX_MEMORY": str(256 * 2**20),
    "MAX_PROCESSES": "64",
    "MAX_OUTPUT_BYTES": str(2**20),
    "MAX_DISK": str(64 * 2**20),
    "MAX_UNPACKED_BYTES": str(64 * 2**20),
}
"""Settings of the worker that they are put to."""

_DEAF = """
import os, signal, sys, time
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
    signal.signal(number, signal.SIG_IGN)
def stay():
    while True: time.sleep(60)
"""

_LITTER = """
for place in ("/tmp", "/var/tmp", "/run/lock", "/dev/shm", os.environ["HOME"], os.environ["TMPDIR"]):
    try:
        open(os.path.join(place, "litter-" + sys.argv[1]), "w").close()
    except OSError as error:
        print(place, error.strerror)
"""

_FILL = """
import itertools, os
piece = b"x" * 2**20
"""


@dataclass(frozen=True)
class Hostile:
    """A robot that means harm.

    Attributes:
        program: What it runs; has its mark as its argument.
        entries: What its package holds instead.
        failure: Type of the failure that ends its run.
        says: What the failure's message matches.
        ended_by: The limit in the failure's detail.
        last_line: What its last line matches.
    """

    program: str = ""
    entries: Callable[[str], list[Raw]] | None = None
    failure: str = LIMIT_EXCEEDED
    says: str = ""
    ended_by: str | None = None
    last_line: str = ""

    def entry(self, folder: Path, code: str, mark: str) -> dict[str, Any]:
        """Make its package; its entry in a definitions file."""
        entries = self.entries(mark) if self.entries else [Raw("main.py", textwrap.dedent(self.program).encode())]
        manifest = f"operations:\n  - {{name: Do it, shell: exec python -u main.py {mark}}}\n"
        (folder / f"{code}.zip").write_bytes(zip_of(Raw("kubot.yaml", manifest.encode()), *entries))
        return {"code": code, "sourceFile": f"{code}.zip"}


def _over(limit: str, program: str) -> Hostile:
    setting = {"timeout": "timeout", "output": "max_output_bytes"}.get(limit, f"max_{limit}")
    return Hostile(program, says=rf"^'Do it' was ended after .* s: it .* \(robots\.{setting}\)$", ended_by=limit)


def _refused(says: str, entries: Callable[[str], list[Raw]]) -> Hostile:
    return Hostile(entries=entries, failure=PACKAGE_INVALID, says=says)


def _failed(program: str, code: int, last_line: str = "") -> Hostile:
    return Hostile(program, failure=RUN_FAILED, says=f"with exit code {code}$", last_line=last_line)


def _link(name: str, target: str) -> Raw:
    return Raw(name, target.encode(), mode=0o120777)


_ZEROS = bytes(48 * 2**20)

PACKAGES: dict[str, Hostile] = {
    "path escape": _refused(r"\.\./\.\./escaped", lambda mark: [Raw(f"../../escaped-{mark}", b"x")]),
    "absolute path": _refused("/tmp/escaped", lambda mark: [Raw(f"/tmp/escaped-{mark}", b"x")]),  # noqa: S108
    "symlink": _refused("link", lambda _: [_link("shadow", "/etc/shadow")]),
    "through a symlink": _refused("link", lambda mark: [_link("out", "/tmp"), Raw(f"out/escaped-{mark}", b"x")]),  # noqa: S108
    "decompression bomb": _refused("times as large|200", lambda _: [Raw("zeros", _ZEROS, DEFLATED)]),
    "bomb that lies": _refused("more than the 1000 bytes", lambda _: [Raw("zeros", _ZEROS, DEFLATED, size=1000)]),
    "many bombs": _refused(
        "allowed", lambda _: [Raw(f"zeros{number}", bytes(2**20), DEFLATED) for number in range(100)]
    ),
}
"""Packages that are refused."""

RUNS: dict[str, Hostile] = {
    "fork storm": _over(
        "processes",
        _DEAF + "while True:\n    try:\n        os.fork()\n    except OSError: pass\n",
    ),
    "thread storm": _over(
        "processes",
        "import threading, time\nthreading.stack_size(2**16)\n"
        "while True: threading.Thread(target=time.sleep, args=(60,)).start()",
    ),
    "endless output": _over("output", _DEAF + "while True: print('y' * 70)"),
    "endless line": _over("output", _DEAF + "while True: sys.stdout.write('y' * 65536)"),
    "ignores SIGTERM": _over("timeout", _DEAF + "print('deaf')\nstay()"),
    "daemon": Hostile(
        _DEAF + _LITTER + "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        os.closerange(0, 100)\n"
        "        stay()\n    os._exit(0)\nos.wait()\nsys.exit(9)",
        failure=RUN_FAILED,
        says="with exit code 9$",
    ),
    "memory hog": _over(
        "memory",
        _DEAF + "for _ in range(20):\n    if os.fork() == 0:\n        held = bytearray(os.urandom(2**20) * 24)\n"
        "        stay()\nstay()",
    ),
    "10 GB in a file": _over("disk", _FILL + "f = open('big', 'wb')\nfor _ in range(10_240): f.write(piece)"),
    "10 GB in files": _over("disk", _FILL + "for n in range(10_240): open(f'f{n}', 'wb').write(piece)"),
    "10 GB in the output folder": _over(
        "disk",
        _FILL + "out = os.environ['KUFLOW_EXECUTION_OUTDIR']\n"
        "for n in range(10_240): open(f'{out}/f{n}', 'wb').write(piece)",
    ),
    "10 GB in /tmp": _over(
        "disk", _FILL + "import sys\nfor n in range(10_240): open(f'/tmp/{sys.argv[1]}-{n}', 'wb').write(piece)"
    ),
    "10 GB without a name": _over(
        "disk",
        _FILL + "held = []\nfor n in range(10_240):\n    held.append(open('f', 'wb', buffering=0))\n"
        "    held[-1].write(piece); os.unlink('f')",
    ),
    "10 GB of nothing": Hostile(
        "import os\nout = os.environ['KUFLOW_EXECUTION_OUTDIR']\n"
        "for n in range(200): os.truncate(os.open(f'{out}/f{n}', os.O_CREAT | os.O_WRONLY), 52_000_000)",
        says=r"the output folder holds more than \d+ bytes",
    ),
    "kills all it can": _failed(_DEAF + "try:\n    os.kill(-1, 9)\nexcept OSError: pass\nsys.exit(7)", 7),
}
"""Programs that are ended, or fail."""


def curious(file: Path) -> Hostile:
    """A robot that looks for the worker's secrets, also in a file that is the worker's alone."""
    return _failed(
        f"""
        import glob, os, sys
        others = [each for each in glob.glob("/proc/[0-9]*") if each != f"/proc/{{os.getpid()}}"]
        places = [f"{{each}}/{{name}}" for each in others for name in ("environ", "cmdline", "mem", "maps")]
        places += [place for each in others for place in glob.glob(f"{{each}}/fd/*")]
        places += {[str(file), "/etc/shadow"] if ROOT else []!r}
        print(len(places), "places")
        found = [name for name in os.environ if "SECRET" in name or name.startswith("TEMPORAL")]
        found += [name for name in os.environ if name.startswith("KURUN_") and name != "KURUN_RUN"]
        for place in places:
            try:
                opened = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
                if place == {str(file)!r} or b"CLIENT_SECRET" in os.read(opened, 2**20).upper():
                    found.append(place)
            except OSError:
                pass
        print("found", found)
        sys.exit(41 if found else 40)
        """,
        40,
        r"^found \[\]$",
    )
