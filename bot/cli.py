"""The command `linli`: what is typed, and which part does it."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from actions.visible import NEWLINE, in_json, visible
from bot.cli_matters import matters_app
from bot.cli_person import person_app
from bot.cli_trace import trace_app
from bot.environment import unknown_variables
from bot.process import Process
from bot.scopes import ROLES
from bot.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from bot.sources import Sources

app = typer.Typer(
    help="Linli (邻里): listens in residents' groups, files their problems, and closes the loop in the group.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals hold residents' words and secrets
)
desk_app = typer.Typer(
    help="The embedded desk: what a dispatcher does on the page, for scripts.", no_args_is_help=True
)
app.add_typer(desk_app, name="desk")
app.add_typer(matters_app, name="matters")
app.add_typer(trace_app, name="trace")
app.add_typer(person_app, name="person")
hierarchy_app = typer.Typer(
    help="Who is above whom: areas, units, grids and their people.", invoke_without_command=True
)
app.add_typer(hierarchy_app, name="hierarchy")

_Port = Annotated[int | None, typer.Option(help="Where to serve; LINLI_PORT by default.", min=1, max=65535)]
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_ChatName = Annotated[str | None, typer.Option(help="Which chat of a whole account's export, by name or id.")]
_WorkerNames = Annotated[
    list[str] | None, typer.Option(help="Who is a grid worker, by name or id; may be repeated.")
]
_IgnoredNames = Annotated[
    list[str] | None, typer.Option(help="Whom to leave out, such as another bot; may be repeated.")
]


def _fail(text: str, code: int = 1) -> typer.Exit:
    Console(stderr=True, markup=False, highlight=False, soft_wrap=True).print(
        f"linli: {visible(text, keep=NEWLINE)}"
    )
    return typer.Exit(code)


@contextmanager
def _settings() -> Iterator[Settings]:
    try:
        settings = load()
    except SettingsError as error:
        raise _fail(str(error), 2) from None
    for name in unknown_variables(os.environ):
        Console(stderr=True).print(f"linli: {name} sets nothing; is it misspelt?", markup=False)
    yield settings


@app.command()
def run() -> None:
    """Start everything, and stop it all with Ctrl-C."""
    _start("run")


@app.command()
def intake(port: _Port = None) -> None:
    """Take in what is said, for the workers of this Redis: poll or webhook, and the groups in the browser."""
    _start("intake", port)


@app.command()
def work(
    port: Annotated[
        int, typer.Option(help="Where it tells its health; any free one by default.", min=0, max=65535)
    ] = 0,
    # Two of one name would both believe that what one of them has is theirs: only `linli run` gives names.
    name: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Read a share of what was taken in, and carry out what is due. Any number of these share one Redis."""
    _start("work", port, name)


@app.command()
def serve(port: _Port = None) -> None:
    """Serve console, rates and interface, and the desk where there is no LINLI_DISPATCH_URL."""
    _start("serve", port)


def _start(command: str, port: int | None = None, name: str = "") -> None:
    from bot.sources import Sources
    from bot.work_child import figures_of_all, how_many

    if port is not None:
        os.environ["LINLI_PORT"] = str(port)  # where the settings are read again, it is still so
    process = Process(command)
    sources = Sources.named(os.environ)  # before they are read, so that no change is missed
    with _settings() as settings:
        children = how_many(settings) if process is Process.RUN else 0
        with figures_of_all() if children else nullcontext():
            code = _live(settings, sources, process, children, name)
    raise typer.Exit(code)


def _live(settings: Settings, sources: "Sources", process: Process, children: int, name: str) -> int:
    # Only now: what counts is made when its library is imported, and has to know where.
    from bot import supervisor
    from bot.log import recording
    from bot.log_ring import Ring
    from bot.secrets_held import secrets_held
    from bot.wiring import open_bot

    ring = Ring()
    with recording(settings.home, secrets=secrets_held(settings), ring=ring, file=process is Process.RUN):
        return supervisor.main(
            settings,
            lambda found, parts: open_bot(found, parts, ring, sources, process=process, name=name),
            process,
            children,
        )


@app.command()
def nlu(
    port: Annotated[
        int | None, typer.Option(help="Where to serve; LINLI_NLU_PORT by default.", min=1, max=65535)
    ] = None,
    host: Annotated[str, typer.Option(help="Who may reach it; only this machine by default.")] = "127.0.0.1",
) -> None:
    """Serve the NLU alone; train first where there is no model."""
    from actions.errors import Refused
    from bot.home import Home
    from bot.nlu_project import serve_nlu

    with _settings() as settings:
        try:
            serve_nlu(settings.nlu_port if port is None else port, host, home=Home(settings.home))
        except Refused as reason:
            raise _fail(str(reason)) from None


@app.command()
def train(
    *,
    files: Annotated[
        list[Path] | None, typer.Option("--with", help="Your own records, CSV or XLSX; may be repeated.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="The column that holds what people said.")] = None,
    category: Annotated[str | None, typer.Option(help="The column of the category.")] = None,
    intent: Annotated[
        str | None, typer.Option(help="The column of the intent; all reports by default.")
    ] = None,
    urgency: Annotated[str | None, typer.Option(help="The column of the urgency; normal by default.")] = None,
    maps: Annotated[
        list[str] | None, typer.Option("--map", help="'their value=our.code'; may be repeated.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Do not measure what it changes.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Drop all records that were taught.")] = False,
) -> None:
    """Teach the model your city's own records; without --with, train it with those that are there."""
    from bot import cli_train
    from bot.records import Asked

    asked = Asked(text, category, intent, urgency)
    with _settings() as settings:
        order = cli_train.Order(tuple(files or ()), asked, tuple(maps or ()), quick=quick, forget=forget)
        raise typer.Exit(cli_train.main(settings, order))


@app.command()
def doctor() -> None:
    """Say what is missing or wrong, and how to mend it."""
    from bot import doctor as checks

    raise typer.Exit(checks.main(load))


@app.command()
def logs(
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more.")] = False,
    level: Annotated[str | None, typer.Option(help="The lowest level: debug, info, warning, error.")] = None,
    group: Annotated[str | None, typer.Option(help="One group, e.g. telegram:-1001234.")] = None,
    case: Annotated[str | None, typer.Option(help="One case, e.g. web:demo:3.")] = None,
    event: Annotated[str | None, typer.Option(help="One kind of event.")] = None,
    minutes: Annotated[float | None, typer.Option(help="The last minutes only.")] = None,
) -> None:
    """Read the log, coloured and filtered."""
    from bot.log import log_path
    from bot.log_reader import Wanted, show

    since = datetime.now(UTC) - timedelta(minutes=minutes) if minutes else None
    with _settings() as settings:
        path = log_path(settings.home)
        if not path.exists():
            raise _fail(f"there is no log in {settings.home} yet: start Linli with `make run`")
        try:
            show(path, Wanted(level, group, case, event, since), follow=follow)
        except KeyboardInterrupt:
            raise typer.Exit(0) from None


@app.command()
def login(
    role: Annotated[
        str, typer.Option(help="viewer (reads the board), auditor (traces and files too) or operator.")
    ] = "operator",
) -> None:
    """Print a new one-time link into the console of the Linli that runs here."""
    if role not in ROLES:
        raise _fail(f"there is no role {role[:40]!r}: use one of {', '.join(ROLES)}", 2)
    with _settings() as settings:
        print(f"{settings.address}/login?token={asyncio.run(_issue(settings, role))}")  # noqa: T201 for a person


@app.command()
def key() -> None:
    """Make an API key: print it once, and the line with its hash for a [[key]] of linli.toml."""
    from bot.keys import fresh

    made, kept = fresh()
    print(f'{made}\nhash = "{kept}"')  # noqa: T201 for a person


async def _issue(settings: Settings, role: str) -> str:
    from actions.errors import Refused, Unreachable
    from bot.at_hand import redis_at_hand
    from bot.home import Home
    from bot.login import Logins
    from connectors.once import RedisOnce
    from connectors.tries import RedisTries

    try:
        async with redis_at_hand(settings) as redis:
            secret = Home(settings.home).known("login").encode()
            return await Logins(RedisOnce(redis), RedisTries(redis), secret).issue(role)
    except (Refused, Unreachable) as why:
        raise _fail(str(why)) from None


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="Telegram Desktop's result.json, or a transcript.")],
    *,
    as_json: _AsJson = False,
    chat: _ChatName = None,
    worker: _WorkerNames = None,
    ignore: _IgnoredNames = None,
    since: Annotated[str | None, typer.Option(help="The first day, e.g. 2026-03-01.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day.")] = None,
    zone: Annotated[str, typer.Option(help="The zone of days and of local times.")] = "Asia/Shanghai",
) -> None:
    """Feed a group's history through the bot, on a virtual clock, and show what it would have done."""
    from actions.errors import Refused, Unreachable
    from bot import cli_replay
    from bot.history import BadHistory
    from bot.log import only_errors

    only_errors()
    people = tuple(worker or ()), tuple(ignore or ())
    order = cli_replay.Order(file, chat, *people, zone=zone, since=since, until=until, as_json=as_json)
    with _settings() as settings:
        try:
            code = cli_replay.main(settings, order)
        except (BadHistory, OSError) as error:
            raise _fail(str(error), 2) from None
        except (Refused, Unreachable) as reason:
            raise _fail(f"{reason}; start it with `linli nlu` or set LINLI_NLU_URL") from None
    raise typer.Exit(code)


@app.command()
def diagram(path: Annotated[Path, typer.Argument(help="Where to write.")] = Path("docs/case.md")) -> None:
    """Draw the state diagram of a case from its table of moves."""
    from bot.diagram import write

    write(path)


@hierarchy_app.callback()
def hierarchy(context: typer.Context) -> None:
    """Show who is above whom: areas, units, grids and their people."""
    from bot.cli_hierarchy import show

    if context.invoked_subcommand is None:
        with _settings() as settings:
            show(settings)


@hierarchy_app.command("check")
def hierarchy_check(
    file: Annotated[Path, typer.Argument(help="A hierarchy, CSV or XLSX, or a whole linli.toml.")],
) -> None:
    """Say what is wrong with a file and what it would change; nothing comes into force."""
    from bot.cli_hierarchy import check

    try:
        check(file)
    except SettingsError as error:
        raise _fail(str(error), 2) from None


@app.command()
def report(
    *,
    first: Annotated[str | None, typer.Option("--from", help="The first day, e.g. 2026-03-01.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="The last day; today by default.")] = None,
    period: Annotated[str, typer.Option(help="Without --from: day, week or month.")] = "month",
    by: Annotated[str, typer.Option(help="grid, unit, level or category.")] = "grid",
    csv: Annotated[Path | None, typer.Option(help="Write a CSV file.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write an XLSX file, a sheet a division.")] = None,
    as_json: _AsJson = False,
) -> None:
    """The three rates and what is behind them, out of the Linli that runs here."""
    from actions.errors import Refused, Unreachable
    from bot import cli_report

    with _settings() as settings:
        order = cli_report.Order(first, last, period, by, csv, xlsx, as_json=as_json)
        try:
            cli_report.main(settings, order)
        except cli_report.BadOrder as error:
            raise _fail(str(error), 2) from None
        except OSError as error:
            raise _fail(f"{error.filename}: {error.strerror}") from None
        except (Refused, Unreachable) as why:
            raise _fail(str(why)) from None


_Archive = Annotated[Path, typer.Argument(metavar="FILE.tar", help="The file of the backup.")]


@app.command()
def backup(file: _Archive) -> None:
    """Write everything that must outlast the program into one file, while it runs."""
    from bot import cli_backup

    with _settings() as settings, _carefully():
        cli_backup.back(settings, file)


@app.command()
def restore(
    file: _Archive,
    *,
    moved: Annotated[
        bool,
        typer.Option("--moved", help="Nothing has happened since the backup: Linli was stopped before it."),
    ] = False,
) -> None:
    """Make an empty LINLI_HOME what it was when the backup was made."""
    from bot import cli_backup

    with _settings() as settings, _carefully():
        cli_backup.put_back(settings, file, moved=moved)


@app.command()
def verify(
    file: _Archive,
    *,
    load: Annotated[bool, typer.Option("--load", help="Restore it on trial, and read every case.")] = False,
) -> None:
    """Say whether a backup is whole; nothing is changed."""
    from bot import cli_backup

    with _settings() as settings, _carefully():
        raise typer.Exit(cli_backup.check(settings, file, load=load))


@contextmanager
def _carefully() -> Iterator[None]:
    from actions.errors import Refused, Unreachable
    from bot.log import only_errors

    only_errors()
    try:
        yield
    except (Refused, Unreachable) as reason:
        raise _fail(str(reason)) from None
    except KeyboardInterrupt:
        raise _fail("broken off; nothing is left of it", 130) from None


def _require_desk(settings: Settings) -> None:
    """A command that looks at the desk makes none: a lost home stays empty, for a backup to be restored into it."""
    if not (settings.home / "desk").is_dir():
        raise _fail(
            f"there is no desk in {settings.home}: start it (`linli run`), or set LINLI_HOME to where it runs"
        )


@desk_app.command("list")
def desk_list(*, as_json: _AsJson = False) -> None:
    """All tickets of the embedded desk."""
    from connectors.desk.store import list_tickets

    with _settings() as settings:
        _require_desk(settings)
        tickets = list_tickets(settings.home)
    if as_json:
        print(in_json(json.dumps(tickets, ensure_ascii=False, indent=1)))  # noqa: T201 this is the output
        return
    console = Console(markup=False, highlight=False)
    for ticket in tickets:
        returned = f"[returned x{ticket['returns']}] " if ticket["returns"] else ""
        line = f"{ticket['id']}  {ticket['status']:<12} {returned}{ticket['description']}"
        console.print(visible(line.replace("\n", " / ")))


@desk_app.command("login")
def desk_login(
    role: Annotated[str, typer.Option(help="viewer (reads) or operator (moves tickets).")] = "operator",
) -> None:
    """Print a new one-time link into the embedded desk."""
    from bot.supervisor import desk_address
    from connectors.desk import store

    if role not in store.ROLES:
        raise _fail(f"there is no role {role[:40]!r}: use one of {', '.join(store.ROLES)}", 2)
    with _settings() as settings:
        _require_desk(settings)
        print(f"{desk_address(settings)}/login?token={store.new_login(settings.home, role)}")  # noqa: T201 for a person


@desk_app.command("set")
def desk_set(
    ticket: Annotated[str, typer.Argument(metavar="ID")],
    status: str,
    note: Annotated[str, typer.Option(help="What the group is told.")] = "",
    reason: Annotated[
        str,
        typer.Option(metavar="CODE", help="Why a unit gives it back; without it a note counts as `other`."),
    ] = "",
) -> None:
    """Move a ticket: accepted, in_progress, returned, fixed, closed, …"""
    from connectors.desk.moves import NoReason
    from connectors.desk.store import NotAllowed, set_status

    with _settings() as settings:
        _require_desk(settings)
        try:
            set_status(settings.home, ticket, status, note, reason)
        except NoReason as why:
            raise _fail(str(why), 2) from None
        except NotAllowed as why:
            raise _fail(str(why)) from None


if __name__ == "__main__":
    app()
