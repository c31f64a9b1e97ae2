"""`linli trace`: export, verify, heads."""

import asyncio
import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.console import Console

from actions.errors import Refused, Unreachable
from actions.visible import NEWLINE, visible
from bot.home import Home
from bot.settings import Settings, SettingsError, load

if TYPE_CHECKING:  # heavy, and most commands need none of it
    from actions.chain import Head
    from bot.ports import State
    from bot.trace_export import Verified

trace_app = typer.Typer(
    help="The trace: a chain of hashes for each group, that cannot be altered unseen.", no_args_is_help=True
)
_Out = Annotated[Path | None, typer.Option("--out", help="Write into this file; readable for you alone.")]
_Heads = Annotated[Path | None, typer.Option("--heads", help="Heads that were kept elsewhere.")]
_SHOWN = 20


def say(text: str) -> None:
    """Tell whoever typed it, beside the output."""
    shown = visible(f"linli: {text}", NEWLINE)  # names of groups and files may command a terminal
    Console(stderr=True, markup=False, highlight=False, soft_wrap=True).print(shown)


@contextmanager
def told() -> Iterator[None]:
    """What goes wrong is told in a line, and the command ends."""
    try:
        yield
    except SettingsError as error:
        say(str(error))
        raise typer.Exit(2) from None
    except (Refused, Unreachable) as why:
        say(str(why))
        raise typer.Exit(1) from None
    except BrokenPipeError:  # `| head` has seen enough; Python would complain once more while it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except OSError as error:
        say(f"{error.filename}: {error.strerror}")
        raise typer.Exit(1) from None


@contextmanager
def writing(out: Path | None) -> Iterator[TextIO]:
    """Where lines go. A file is written whole or not at all, what it had before stays until then; nobody else can read it."""
    if out is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    if out.exists() and not out.is_file():  # a pipe or /dev/stdout: what stands there is not ours to replace
        with out.open("w", encoding="utf-8") as file:
            yield file
        return
    if not out.absolute().parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(out.absolute().parent))
    part = out.with_name(f".{out.name}.{token_hex(4)}")
    try:
        part.touch(mode=0o600, exist_ok=False)
        with part.open("w", encoding="utf-8") as file:
            yield file
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def line_of(record: object) -> str:
    """A line of JSON; half a surrogate pair is written so that it can be."""
    return json.dumps(record, ensure_ascii=True) + "\n"


@trace_app.command("export")
def export(
    *,
    group: Annotated[
        str | None, typer.Option(help="One group, e.g. telegram:-1001234; all by default.")
    ] = None,
    out: _Out = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="With words, people and places: for a court, not for a report.")
    ] = False,
) -> None:
    """Write the trace, a line a link. Without --whole it holds commitments in the place of words, people and places."""
    with told(), writing(out) as file:
        settings = load()
        count = asyncio.run(_export(settings, group, file, whole=whole))
    say(f"{count} links" + (f" in {out}" if out else ""))


async def _export(settings: Settings, group: str | None, file: TextIO, *, whole: bool) -> int:
    from actions.chronicle import Decree
    from bot.at_hand import opened
    from bot.trace_export import TraceExport

    count = 0
    async with opened(settings) as state:
        made = TraceExport(state, Home(settings.home).secret("households"))
        groups = await _chosen(state, group)
        async for line in made.lines(groups, whole=whole):
            file.write(line_of(line))
            count += 1
        if whole:
            said = ("the whole trace was exported", f"links: {count}", f"of: {group or 'all groups'}")
            await state.chronicle(
                Decree(datetime.now(UTC), "privacy", token_hex(6), "linli trace export", said)
            )
    return count


@trace_app.command("heads")
def heads(*, out: _Out = None) -> None:
    """Write the head of every chain, to be kept where nobody who can write here can write: the end of a chain that was cut off is seen by nothing else."""
    with told(), writing(out) as file:
        count = asyncio.run(_heads(load(), file))
    say(f"{count} heads" + (f" in {out}" if out else ""))


async def _chosen(state: "State", group: str | None) -> list[str]:
    groups = await state.groups()
    if group and group not in groups:
        raise Refused(f"nothing is kept of a group {group}: is its name right (telegram:-100…, web:demo)?")
    return [group] if group else groups


async def _heads(settings: Settings, file: TextIO) -> int:
    from bot.at_hand import opened
    from bot.trace_export import TraceExport

    count = 0
    async with opened(settings) as state:
        async for line in TraceExport(state, Home(settings.home).secret("households")).heads():
            file.write(line_of(line))
            count += 1
    return count


@trace_app.command("verify")
def verify(
    file: Annotated[Path | None, typer.Argument(help="An export; without one, what is stored here.")] = None,
    *,
    kept: _Heads = None,
    group: Annotated[
        str | None, typer.Option(help="One group, as it is named there; all by default.")
    ] = None,
) -> None:
    """Name the first line of each group that was altered, is missing or was inserted; exit 1 where there is one."""
    with told():
        heads_kept = _kept(kept)
        found = _of_file(file, heads_kept, group) if file else asyncio.run(_stored(load(), heads_kept, group))
    for name in found.unchained:
        say(f"{name}: from before there was a chain; it gets one at night, or when something happens there")
    for wrong in found.wrong[:_SHOWN]:
        print(visible(str(wrong)))  # noqa: T201 this is the output
    if len(found.wrong) > _SHOWN:
        print(f"… and {len(found.wrong) - _SHOWN} more groups")  # noqa: T201
    _sum_up(found, kept)
    if found.wrong or (file and not found.groups):
        raise typer.Exit(1)


def _sum_up(found: "Verified", kept: Path | None) -> None:
    if found.wrong:
        say(
            f"{found.links} links of {found.groups} groups are sound; of a group nothing is said after what is wrong first"
        )
        return
    if not found.groups:
        say("there is no trace of any group in it")
        return
    say(f"{found.links} links of {found.groups} groups")
    print("sound")  # noqa: T201
    if found.unkept:
        shown = ", ".join(found.unkept[:_SHOWN]) + (", …" if len(found.unkept) > _SHOWN else "")
        say(f"no head was kept of {shown}: what was cut off at the end there is not seen")
    if kept is None:
        say("what was cut off at the end of a chain is not seen without --heads (see `linli trace heads`)")


def _kept(path: Path | None) -> dict[str, "Head"]:
    from bot.trace_export import read_heads

    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return read_heads(lines)
    except ValueError as why:
        say(f"{path}: {why}")
        raise typer.Exit(2) from None


def _of_file(file: Path, kept: dict[str, "Head"], group: str | None) -> "Verified":
    from bot.trace_export import verify_lines

    with file.open(encoding="utf-8", errors="replace") as lines:
        return verify_lines(lines, kept, group)


async def _stored(settings: Settings, kept: dict[str, "Head"], group: str | None) -> "Verified":
    from bot.at_hand import opened
    from bot.trace_export import TraceExport

    async with opened(settings) as state:
        made = TraceExport(state, Home(settings.home).secret("households"))
        return await made.verify(kept, await _chosen(state, group) if group else None)
