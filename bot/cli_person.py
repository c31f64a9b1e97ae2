"""`linli person`: what is kept of one person, and erasing it."""

import asyncio
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_trace import say, told, writing
from bot.settings import load

if TYPE_CHECKING:
    from bot.forgetting import Left

person_app = typer.Typer(help="One person: what is kept of them, and erasing it.", no_args_is_help=True)
_Id = Annotated[str, typer.Argument(metavar="ID", help="With its platform: telegram:42.")]
_FORM = re.compile(r"[a-z]+:\S+")


def _checked(person: str) -> str:
    if not _FORM.fullmatch(person):
        say(f"{person}: an id with its platform is needed, such as telegram:42")
        raise typer.Exit(2)
    return person


@person_app.command("export")
def export(
    person: _Id,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write into this file; readable for you alone.")
    ] = None,
) -> None:
    """Write all that is kept of one person, as JSON. That it was done is traced, without the id."""
    from bot.log import only_errors
    from bot.person_at_hand import export_person
    from bot.personal import empty

    only_errors()
    with told(), writing(out) as file:
        kept = asyncio.run(export_person(load(), _checked(person)))
        file.write(json.dumps(kept, ensure_ascii=True, indent=1) + "\n")
    if empty(kept):
        say("nothing is kept of this person")


@person_app.command("erase")
def erase(
    person: _Id,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase one person everywhere. Cases and figures stay; what is open is erased after its end, while Linli runs."""
    from bot.log import only_errors
    from bot.person_at_hand import erase_person

    only_errors()
    _checked(person)
    if not yes:
        typer.confirm(f"Erase all that is kept of {person}? This cannot be undone", abort=True)
    with told():
        left = asyncio.run(erase_person(load(), person))
    _report(left)


def _report(left: "Left") -> None:
    print(  # noqa: T201 this is the output
        f"erased: {left.cases} cases, {left.lines} lines of talk, {left.messages} messages; "
        f"open, erased after their end: {left.open}"
    )
    if left.tickets:
        say(f"dispatch has their words in these tickets, to be erased there: {' '.join(left.tickets)}")
