"""Fixtures that more than one suite needs."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing about the rule.
settings.register_profile("linli", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("linli")


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """A command that was run in a test has set up the log for itself, and the next test is another program."""
    yield
    structlog.reset_defaults()
