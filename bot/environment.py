"""The environment: variables that look like settings of ours and are none."""

from collections.abc import Mapping

from bot.settings import ENVIRONMENT
from bot.tokens import is_token_variable
from connectors.child import PARENT

_READ_ELSEWHERE = {"LINLI_CONFIG", "LINLI_NLU_DIR", PARENT}


def unknown_variables(env: Mapping[str, str]) -> list[str]:
    """LINLI_ variables that set nothing: most likely misspelt, worth a warning at the start."""
    known = {*ENVIRONMENT, *_READ_ELSEWHERE}
    # A token whose bot is not in the file is of no harm; a bot without its token is a fault.
    return sorted(v for v in env if v.startswith("LINLI_") and v not in known and not is_token_variable(v))
