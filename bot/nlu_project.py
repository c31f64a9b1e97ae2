"""The NLU project: where it is, how its server is started, and what every command of it is told."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from actions.errors import Refused
from bot.home import Home
from connectors.tcp_port import held_by, is_free


def nlu_environment(home: Home | None) -> dict[str, str]:
    """What every command of the NLU is told: that Rasa may not phone home, and where the city's records are.

    Without a home there are no records, whatever our own environment says.
    """
    records = str(home.records) if home else ""
    return {"RASA_TELEMETRY_ENABLED": "false", "PYTHONUNBUFFERED": "1", "LINLI_NLU_RECORDS": records}


def find_nlu(folder: Path | None = None, env: Mapping[str, str] = os.environ) -> Path:
    """The folder of the NLU project: the one given, LINLI_NLU_DIR, or the checkout's own.

    Raises Refused where it is not there, or has no environment yet.
    """
    named = folder or (Path(env["LINLI_NLU_DIR"]) if env.get("LINLI_NLU_DIR") else None)
    found = (named or Path(__file__).resolve().parent.parent / "nlu").absolute()
    if not found.is_dir():
        raise Refused(
            f"there is no NLU project at {found}: set LINLI_NLU_DIR to its folder, or LINLI_NLU_URL"
        )
    if not nlu_python(found).exists():
        raise Refused(f"the NLU project at {found} has no environment: run `make setup`")
    return found


def nlu_python(folder: Path) -> Path:
    """The Python of the NLU's own environment."""
    return folder / ".venv" / "bin" / "python"


def serve_nlu(
    port: int, host: str = "127.0.0.1", folder: Path | None = None, home: Home | None = None
) -> NoReturn:
    """`linli nlu`: become the NLU server, which trains first where there is no model. Raises Refused."""
    found = find_nlu(folder)
    if not is_free(host, port):  # told now, and not after minutes of training
        raise Refused(f"port {port} is taken{held_by(port)}: stop that, or choose another --port")
    argv = nlu_command(found, host, port)
    os.chdir(found)
    os.execve(argv[0], argv, {**os.environ, **nlu_environment(home)})  # noqa: S606 - no shell is wanted


def nlu_command(folder: Path, host: str, port: int) -> list[str]:
    return [str(nlu_python(folder)), "-m", "server", "--host", host, "--port", str(port)]
