"""What all tests share."""

from hypothesis import HealthCheck, settings

# A deadline for an example measures how busy the machine is, not the code; limits that matter are asserted by tests.
settings.register_profile("kurun", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kurun")
