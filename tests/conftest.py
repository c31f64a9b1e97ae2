"""Fixtures that more than one suite needs."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """A command that was run in a test has set up the log for itself, and the next test is another program."""
    yield
    structlog.reset_defaults()
