"""Environments of robots: the Python, the Node.js and the requirements that a package asks for, made once and kept."""

from kurun_robots.environment.assets import AssetSource
from kurun_robots.environment.environments import Environment, Environments
from kurun_robots.environment.home import robot_home
from kurun_robots.environment.interpreters import Interpreter
from kurun_robots.environment.key import EnvironmentKey
from kurun_robots.environment.nodejs import NodeJs
from kurun_robots.environment.owner import RobotUser
from kurun_robots.environment.reports import Report
from kurun_robots.package.requirements import Requirements

__all__ = [
    "AssetSource",
    "Environment",
    "EnvironmentKey",
    "Environments",
    "Interpreter",
    "NodeJs",
    "Report",
    "Requirements",
    "RobotUser",
    "robot_home",
]
