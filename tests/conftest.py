"""Settings of the whole suite: hypothesis repeats itself exactly."""

from hypothesis import HealthCheck, settings

# `pytest --hypothesis-profile=explore` looks for new examples instead.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("repeatable")
