"""Properties are tested on the same examples in every run, however slow the machine.

`pytest --hypothesis-profile default` looks for new ones.
"""

import hypothesis

hypothesis.settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("steady")
