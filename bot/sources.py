"""Sources: the files that the settings come from, and whether they have changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bot.hierarchy_file import path_of
from bot.settings import config_path
from bot.toml_lines import SyntaxFault, read_toml


@dataclass(frozen=True, slots=True)
class Sources:
    """linli.toml and the hierarchy's file that it names, as they were at one look: digests, "" for no such file."""

    toml: Path
    digests: tuple[tuple[str, str], ...]

    @classmethod
    def named(cls, env: Mapping[str, str]) -> "Sources":
        """The files that `load` reads with this environment."""
        return cls.at(config_path(env)[0].absolute())

    @classmethod
    def at(cls, toml: Path) -> "Sources":
        """A look at linli.toml here."""
        content = _content(toml)
        files = [(toml.name, _digest(content))]
        if (other := _hierarchy(content, toml)) is not None:
            files.append((other.name, _digest(_content(other))))
        return cls(toml, tuple(files))

    def again(self) -> "Sources":
        """Another look."""
        return Sources.at(self.toml)

    def since(self, old: "Sources | None") -> str:
        """The names of the files that have changed, or of all."""
        before = set(old.digests) if old else set()
        return ", ".join(name for name, digest in self.digests if (name, digest) not in before)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _digest(content: bytes | None) -> str:
    return "" if content is None else sha256(content).hexdigest()


def _hierarchy(content: bytes | None, toml: Path) -> Path | None:
    try:
        return path_of(read_toml((content or b"").decode("utf-8-sig")), toml)
    except (UnicodeDecodeError, SyntaxFault):
        return None
