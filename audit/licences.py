"""The licences of what is installed: which packages ask that whoever passes them on gives the source of the whole."""

import json
import re
import subprocess
from pathlib import Path

_ASK = """
import json
from importlib.metadata import distributions
found = {}
for one in distributions():
    data = one.metadata
    classes = [line.rpartition(" :: ")[2] for line in data.get_all("Classifier") or [] if line.startswith("License")]
    said = data.get("License-Expression") or "; ".join(classes) or (data.get("License") or "").split("\\n")[0]
    found[(data.get("Name") or "").lower()] = said
print(json.dumps(found))
"""
_STRONG = re.compile(
    r"\b(A?GPL|GNU (Affero )?General Public|SSPL|BUSL|Elastic|Commons Clause)", re.IGNORECASE
)
_WEAK = re.compile(r"LGPL|Lesser|exception", re.IGNORECASE)


def of(python: Path) -> dict[str, str]:
    """Package → what it says of its licence, as an environment's own Python sees it."""
    done = subprocess.run([str(python), "-c", _ASK], capture_output=True, text=True, check=True)
    told: dict[str, str] = json.loads(done.stdout)
    return told


def strong(licences: dict[str, str]) -> list[str]:
    """Packages of which a licence asks for the source of the whole, and nothing weaker is offered."""
    return sorted(
        f"{name}: {said}"
        for name, said in licences.items()
        if _STRONG.search(said) and not _WEAK.search(said)
    )


def unstated(licences: dict[str, str]) -> list[str]:
    """Packages that say nothing of their licence."""
    return sorted(name for name, said in licences.items() if name and said.strip() in {"", "UNKNOWN"})
