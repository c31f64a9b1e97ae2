"""`linli matters`: the responsibility list for those who keep it: show, check, import, settle, and try it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from actions.errors import Refused
from actions.matters import Changed, Difference, Matter, MatterList, diff
from actions.retrieval import rank, sure
from actions.visible import NEWLINE, in_json, visible
from bot.categories import codes_by_name, every_name
from bot.home import Home
from bot.matter_list import Matters, in_order, read_matters
from bot.matter_rows import Checked, Held
from bot.matter_trace import fields_of
from bot.settings import Settings, SettingsError, load
from bot.table import BadTable

matters_app = typer.Typer(help="The responsibility list: who answers for what, how soon, by which law.")

_SHOWN = 40
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Category = Annotated[str | None, typer.Option("--category", help="One category, by code or name.")]
_File = Annotated[Path, typer.Argument(help="The list, CSV or XLSX.")]
_out = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)


def _fail(text: str, code: int = 1) -> typer.Exit:
    Console(stderr=True, markup=False, highlight=False, soft_wrap=True).print(
        f"linli: {visible(text, keep=NEWLINE)}"
    )
    return typer.Exit(code)


@contextmanager
def _opened() -> Iterator[tuple[Settings, Matters]]:
    try:
        settings = load()
        yield settings, Matters(Home(settings.home).path)
    except (SettingsError, BadTable) as error:
        raise _fail(str(error), 2) from None
    except Refused as reason:
        raise _fail(str(reason)) from None


@matters_app.callback(invoke_without_command=True)
def show(context: typer.Context, *, as_json: _AsJson = False, category: _Category = None) -> None:
    """Print the list in force."""
    if context.invoked_subcommand:
        return
    with _opened() as (settings, matters):
        now = matters.in_force()
        wanted = _code(category) if category else ""
        rows = [matter for matter in now.matters if not wanted or matter.category == wanted]
        if as_json:
            told = json.dumps([_json(one, now, settings.lang) for one in rows], ensure_ascii=False, indent=1)
            print(in_json(told))  # noqa: T201 this is the output
        else:
            _out.print(f"version {now.version}: {len(rows)} matters")
            _out.print(_table(rows, settings.lang))


@matters_app.command("check")
def check_file(file: _File) -> None:
    """Say what is wrong with a list, and change nothing."""
    with _opened() as (settings, matters):
        checked = _good(settings, file, most=None)
        _show_difference(matters, checked)


@matters_app.command("import")
def import_file(
    file: _File,
    version: Annotated[str, typer.Option(help="What to call this version, such as 2026.2.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Check a list, show what it changes, and put it in force."""
    with _opened() as (settings, matters):
        checked = _good(settings, file, most=_SHOWN)
        _show_difference(matters, checked)
        if not yes and not typer.confirm(f"Put version {version} in force?"):
            raise _fail("nothing was changed")
        matters.adopt(version, in_order(checked.matters), checked.held)
        _out.print(
            f"version {version} is in force: {len(checked.matters)} matters; cases that are there keep theirs"
        )


@matters_app.command()
def contested() -> None:
    """Show the matters that are held back because two units are named to lead."""
    with _opened() as (_, matters):
        _show_held(matters.contested(matters.in_force().version))


@matters_app.command()
def settle(code: str, unit: Annotated[str, typer.Option(help="The unit that leads.")]) -> None:
    """Settle who leads a contested matter: it is adopted, in a new version."""
    with _opened() as (_, matters):
        now = matters.settle(code, unit)
        left = len(matters.contested(now.version))
        _out.print(f"version {now.version} is in force: {unit} leads {code}; {left} contested left")


@matters_app.command()
def versions() -> None:
    """Show the versions that are kept, and which is in force."""
    with _opened() as (_, matters):
        now = matters.in_force().version
        for name in matters.versions():
            count, held = len(matters.version(name).matters), len(matters.contested(name))
            more = f", {held} contested" if held else ""
            _out.print(f"{'*' if name == now else ' '} {name}  {count} matters{more}")


@matters_app.command()
def use(version: str) -> None:
    """Put a version that is kept in force again, such as the one before."""
    with _opened() as (_, matters):
        matters.use(version)
        _out.print(f"version {version} is in force")


@matters_app.command()
def find(
    text: Annotated[str, typer.Argument(help="What a resident said.")], *, category: _Category = None
) -> None:
    """Show which matters a text is taken for, of one category or of each: the three nearest."""
    with _opened() as (settings, matters):
        now = matters.in_force()
        codes = [_code(category)] if category else list(every_name())
        ranked = [rank(now.of_category(code, date.today()), text) for code in codes]  # noqa: DTZ011 the operator's day
        best = sorted((one for some in ranked for one in some), key=lambda one: -one.score)
        for one in (ranked[0] if category else best)[:3]:
            _out.print(
                f"{one.score:.2f}  {one.matter.code}  {one.matter.name(settings.lang)}  {one.matter.lead}"
            )
        if category:
            _out.print("sure" if sure(ranked[0]) else "unsure: the worker is asked")


# --- what is printed ---


def _code(category: str) -> str:
    codes = codes_by_name()
    if category not in codes:
        raise Refused(f"there is no category {category[:_SHOWN]!r}")
    return codes[category]


def _json(matter: Matter, of: MatterList, lang: str) -> dict[str, Any]:
    return {
        "code": matter.code,
        "name": matter.name(lang),
        "category": matter.category,
        "unit": matter.lead,
        "level": matter.level.value,
        "assisting": list(matter.assisting),
        "respond": str(matter.respond),
        "resolve": str(matter.resolve),
        "confidentiality": matter.secrecy.value,
        "basis": list(matter.basis),
        "from": matter.begins.isoformat(),
        "until": matter.ends.isoformat() if matter.ends else None,
        "name_zh": matter.name_zh,
        "name_en": matter.name_en,
        "synonyms": list(matter.synonyms),
        "version": of.version,
    }


def _table(matters: Iterable[Matter], lang: str) -> Table:
    table = Table("code", "name", "unit", "level", "respond", "resolve", box=None)
    for one in matters:
        table.add_row(one.code, one.name(lang), one.lead, one.level.value, str(one.respond), str(one.resolve))
    return table


def _units(settings: Settings) -> frozenset[str] | None:
    """What the hierarchy's units may be called; None where it names none."""
    units = settings.tree().units
    return (
        frozenset(name for unit in units for name in (unit.id, unit.name, *unit.acts_for)) if units else None
    )


def _good(settings: Settings, file: Path, most: int | None) -> Checked:
    """The list, checked. Raises Exit where it has faults, after they are told."""
    checked = read_matters(file, _units(settings))
    for fault in checked.faults[:most]:
        _out.print(visible(str(fault)))
    if most is not None and len(checked.faults) > most:
        _out.print(f"… and {len(checked.faults) - most} more: `linli matters check {file}` shows all")
    if checked.faults:
        raise _fail(f"{len(checked.faults)} faults: nothing was changed", 2)
    if not checked.matters:
        raise _fail(f"{file}: there is no matter in it that could be adopted", 2)
    return checked


def _show_difference(matters: Matters, checked: Checked) -> None:
    now = matters.in_force()
    _out.print(f"{len(checked.matters)} matters, {len(checked.held)} contested; in force is {now.version}")
    _show_changes(diff(now, MatterList("", checked.matters)), {each.code for each in checked.held})
    _show_held(checked.held)
    counts = Counter(matter.category for matter in checked.matters)
    without = [code for code in every_name() if not counts[code]]
    if without:
        _out.print(f"no matter in {len(without)} categories: {', '.join(without)}")


def _show_changes(found: Difference, held: set[str]) -> None:
    removed = [matter for matter in found.removed if matter.code not in held]
    _show_some("+", [f"{one.code}  {one.name_zh}  {one.lead}" for one in found.added])
    _show_some("-", [f"{one.code}  {one.name_zh}" for one in removed])
    _show_some("~", [f"{one.new.code}  {_fields(one)}" for one in found.changed])
    _out.print(f"{len(found.added)} added, {len(removed)} removed, {len(found.changed)} changed")


def _fields(changed: Changed) -> str:
    return "; ".join(f"{name}: {was} → {now}" for name, was, now in fields_of(changed))


def _show_some(sign: str, lines: Sequence[str]) -> None:
    for line in lines[:_SHOWN]:
        _out.print(f"{sign} {visible(line)}")
    if len(lines) > _SHOWN:
        _out.print(f"{sign} … and {len(lines) - _SHOWN} more")


def _show_held(held: Sequence[Held]) -> None:
    for one in held:
        _out.print(f"? {one.code}  {one.claims[0].name_zh}  contested: {' / '.join(one.units)}")
    if held:
        _out.print("they are held back until `linli matters settle CODE --unit UNIT`")
