"""The name under which workflows call the activity; safe to import in a workflow."""

from typing import Final

RUN_ROBOT: Final = "KuFlow_Robot_runRobot"
