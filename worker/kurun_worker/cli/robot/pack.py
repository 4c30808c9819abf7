"""``kurun robot pack``."""

from pathlib import Path

import click

from kurun_robots import package
from kurun_worker.cli.robot.problems import config_option, limits_of, refused

_SHOWN = 10


@click.command("pack", short_help="Make a robot's package of a folder.")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The package.  [default: the folder's name with .zip, in the current folder]",
)
@config_option
def pack(folder: Path, output: Path | None, config: Path | None) -> None:
    """Make a robot's package of a folder: the same bytes for the same content.

    Caches, environments, .git and .env are left out, and what the patterns in .kubotignore say.
    """
    target = output or Path(f"{folder.resolve().name or 'robot'}.zip")
    if not target.parent.is_dir():
        raise click.BadParameter(f"there is no folder {target.parent}", param_hint="--output")
    try:
        packed = package.pack(folder, target, limits_of(config))
    except package.PackageProblems as wrong:
        raise refused(folder, wrong.problems) from None
    if packed.left_out:
        more = len(packed.left_out) - _SHOWN
        names = ", ".join(packed.left_out[:_SHOWN])
        click.echo(f"left out: {names}{f' and {more} more' if more > 0 else ''}")
    count = sum(not name.endswith("/") for name in packed.files)
    click.echo(f"{target}: {count} files, {packed.packed_bytes:,} bytes, sha256 {packed.sha256}")
