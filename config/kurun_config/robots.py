"""Settings of robots."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from kurun_config.model import READ_AGAIN, Listed, Name, Positive, Seconds, Section

MEBIBYTE = 1024**2


class RobotHash(StrEnum):
    """Algorithm of a robot's `contentHash`, which KuFlow does not document."""

    NONE = "none"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"


class RobotSettings(Section):
    """Robots: where they live, what they may use, and how they are started."""

    enabled: bool = False
    """Run robots on this worker."""
    home: Path | None = None
    """Folder for environments and runs; without it `kurun/robots` in the user's cache folder, and for root
    `/var/cache/kurun/robots`, as robots run as another user there."""
    user: Name | None = None
    """User that robots run as; a worker that runs as root uses `nobody` without it. Other workers cannot change it."""
    workflow_type: Name = "RobotWorkflow"
    """Workflow type under which robots are started; KuFlow does not document it."""
    register_ready: bool = True
    """Register the robots that KuFlow lists as ready, beside those of `worker.robot_ids`."""
    share_credentials: bool = False
    """Give robots the worker's own credentials as their API token; KuFlow does not document how robots get one. Without
    it a robot has no token, unless the robot's own variables bring one."""
    content_hash: RobotHash = RobotHash.NONE
    """Algorithm by which a package is held against its `contentHash`; `none`: it is not."""
    python: Listed[Path] = ()
    """Python interpreters of this machine that robots may use; without them what uv finds or KuFlow's assets bring."""
    download_assets: bool = True
    """Fetch interpreters from KuFlow's assets when this machine has none of the version."""
    offline: bool = False
    """Build environments from caches alone."""
    cache_bytes: Positive = 10 * 1024 * MEBIBYTE
    """Bytes that environments may take before the least recently used are removed."""
    cache_life: Seconds = timedelta(days=30)
    """Seconds after which an unused environment is removed."""
    build_timeout: Seconds = timedelta(minutes=15)
    """Longest time for making an environment, post-install steps included."""
    max_concurrent: Positive = 4
    """Robots at the same time."""
    timeout: Seconds = timedelta(hours=1)
    """Longest run of a robot."""
    heartbeat_timeout: Seconds = timedelta(seconds=15)
    """Seconds of silence after which a worker counts as lost and its robot is run anew. A cancellation reaches the
    robot within them."""
    stop_grace: Annotated[Seconds, READ_AGAIN] = timedelta(seconds=10)
    """Seconds that a robot gets to end by itself after SIGTERM."""
    max_memory: Annotated[Positive, READ_AGAIN] = 4 * 1024 * MEBIBYTE
    """Bytes of memory for all processes of a run together."""
    max_processes: Annotated[Positive, READ_AGAIN] = 256
    """Processes and threads of a run."""
    max_output_bytes: Annotated[Positive, READ_AGAIN] = 16 * MEBIBYTE
    """Bytes that a robot may write to its output streams; more ends it."""
    max_disk: Annotated[Positive, READ_AGAIN] = 1024 * MEBIBYTE
    """Bytes that a run may write to its folders; more ends it."""
    max_files: Annotated[Positive, READ_AGAIN] = 10_000
    """Files in a package, and in the output folder."""
    max_package_bytes: Annotated[Positive, READ_AGAIN] = 512 * MEBIBYTE
    """Largest package."""
    max_unpacked_bytes: Annotated[Positive, READ_AGAIN] = 2 * 1024 * MEBIBYTE
    """Largest package, unpacked."""
    max_ratio: Annotated[Positive, READ_AGAIN] = 200
    """Largest ratio of a package's file unpacked to packed."""
    upload_outputs: bool = True
    """Upload the files of the output folder as documents of the process."""
    complete_task: bool = False
    """Complete the task when its robot succeeds; KuFlow's task settings can ask for the same."""
    framework_path: Path | None = None
    """Folder of Robot Framework suites that this worker runs; without it there are none. `KUFLOW_ROBOT_PATH`, the
    variable of KuFlow's SDK, sets it too."""
    framework_python: Path | None = None
    """Python with Robot Framework and the libraries of the suites; without it the worker's own."""
