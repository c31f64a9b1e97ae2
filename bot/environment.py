"""The environment: variables that look like settings of ours and are none."""

from collections.abc import Mapping

from bot.settings import ENVIRONMENT

_READ_ELSEWHERE = {"LINLI_CONFIG", "LINLI_NLU_DIR"}


def unknown_variables(env: Mapping[str, str]) -> list[str]:
    """LINLI_ variables that set nothing: most likely misspelt, worth a warning at the start."""
    return sorted(v for v in env if v.startswith("LINLI_") and v not in {*ENVIRONMENT, *_READ_ELSEWHERE})
