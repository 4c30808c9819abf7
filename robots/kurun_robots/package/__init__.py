"""Packages of robots: a ZIP with a manifest ``kubot.yaml``, made elsewhere and therefore not trusted."""

from kurun_robots.package.checking import check
from kurun_robots.package.hashing import check_hash
from kurun_robots.package.limits import PackageLimits
from kurun_robots.package.manifest import Manifest, Operation, Step, Tools
from kurun_robots.package.packing import PackedSummary, pack
from kurun_robots.package.problems import MANIFEST, PackageProblems, Problem
from kurun_robots.package.reading import read_manifest
from kurun_robots.package.unpacking import unpack

__all__ = [
    "MANIFEST",
    "Manifest",
    "Operation",
    "Step",
    "Tools",
    "PackageLimits",
    "PackageProblems",
    "Problem",
    "read_manifest",
    "unpack",
    "check_hash",
    "check",
    "pack",
    "PackedSummary",
]
