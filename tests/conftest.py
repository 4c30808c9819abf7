"""What all tests share."""

import os
import signal

from hypothesis import HealthCheck, settings

# gRPC's handlers of forks crash some of the forked processes, such as one that is to become another user.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

# A shell without job control starts what it puts into the background deaf to Ctrl-C, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A deadline for an example measures how busy the machine is, not the code; limits that matter are asserted by tests.
settings.register_profile("kurun", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kurun")
