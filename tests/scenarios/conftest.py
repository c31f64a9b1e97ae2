"""What all stories on real parts share: one NLU server on the trained model, since it is slow to load and large."""

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

NLU = Path(__file__).parent.parent.parent / "nlu"
TRAINS_WITHIN = 900.0  # seconds
STORY_WITHIN = 120.0  # seconds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The time that training takes is not a story's own."""
    for item in items:
        if "nlu" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(STORY_WITHIN, func_only=True))


@pytest.fixture(scope="session")
def nlu() -> Iterator[str]:
    """The URL of an NLU server: the one at LINLI_NLU_URL, or one started here, which trains where there is no model."""
    if url := os.environ.get("LINLI_NLU_URL"):
        yield url
        return
    # It looks for its parent, so it does not outlive a test run that is killed.
    env = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "LINLI_PARENT": str(os.getpid())}
    argv = [str(NLU / ".venv" / "bin" / "python"), "-m", "server", "--port", "0"]
    with subprocess.Popen(
        argv, cwd=NLU, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        late = threading.Timer(TRAINS_WITHIN, server.kill)
        late.start()
        try:
            url = _ready(server)
            late.cancel()
            yield url
        finally:
            late.cancel()
            server.terminate()


def _ready(server: subprocess.Popen[bytes]) -> str:
    assert server.stdout
    for line in server.stdout:
        if line.startswith(b"ready "):
            # It says nothing more on stdout; its log goes to stderr.
            return line.split()[1].decode()
    raise AssertionError("the NLU server ended, or was not ready in time")
