"""Settings shared by all tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A run of the simulation takes as long as it takes: no deadline per example.
settings.register_profile("dev", deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
# On a build server: the same examples each time, so that a red build means a change of the code.
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=50,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# By hand, now and then: HYPOTHESIS_PROFILE=thorough make pytest
settings.register_profile("thorough", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])

# A test computes what it looks at; those of the store name a folder of their own.
os.environ["FUNNELSIM_STORE"] = "off"

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))
