"""Two expositions as one."""

import re

_COMMENT = re.compile(r"# (?:HELP|TYPE) ([^ ]+)")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def joined(ours: str, theirs: str) -> str:
    """Both texts, in Prometheus's format, without what of theirs has a name of ours.

    Prometheus refuses a text that has a metric twice. Metrics that activities make go through Temporal's core under the
    names that their authors chose.
    """
    # A label may hold what else Python takes for the end of a line.
    taken = {found[1] for line in ours.split("\n") if (found := _COMMENT.match(line))}
    kept, dropping = [], False
    for line in theirs.split("\n"):
        if found := _COMMENT.match(line):
            dropping = found[1] in taken
        elif not line.startswith("#") and (name := _NAME.match(line)):
            dropping = dropping or name[0] in taken
        if not dropping and line:
            kept.append(line)
    return ours + "".join(f"{line}\n" for line in kept)
