"""The names under which workflows call the activities; safe to import in a workflow."""

from typing import Final

RUN_ROBOT: Final = "KuFlow_Robot_runRobot"
EXECUTE_ROBOT: Final = "KuFlow_RobotFramework_ExecuteRobot"

EXECUTE_ROBOT_SPELLINGS: Final = (EXECUTE_ROBOT, "KuFlow_RobotFramework_executeRobot")
"""KuFlow's SDKs know the first; the second follows the way in which they write their other activities."""
