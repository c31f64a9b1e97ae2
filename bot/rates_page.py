"""The page of the rates at /console/rates: three rates with charts, tables by grid, unit, level and category, and files."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from aiohttp import web

from actions.course import Count
from actions.period import NAMES, Period, named
from actions.rates import By, Report
from bot.access import requires
from bot.frame import LANG, render
from bot.grids import Grids
from bot.ports import Clock
from bot.report_file import as_csv, as_xlsx
from bot.report_table import COUNTS, RATES, Words
from bot.report_words import days
from bot.reports import Reports
from bot.scopes import Scope

REPORTS = web.AppKey("reports", Reports)
GRIDS = web.AppKey("grids", Grids)
CLOCK: web.AppKey[Clock] = web.AppKey("clock", Clock)
SHOWN = 100
"""Lines of a table; the file has all of them."""
_TICKS = 8
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def set_up(app: web.Application, reports: Reports, grids: Grids, clock: Clock) -> None:
    """Give the application what the page needs."""
    app[REPORTS], app[GRIDS], app[CLOCK] = reports, grids, clock


def routes() -> list[web.RouteDef]:
    """What a web application has to serve for it."""
    return [
        web.get("/console/rates", _page),
        web.get("/console/rates.csv", _csv),
        web.get("/console/rates.xlsx", _xlsx),
    ]


@dataclass(frozen=True, slots=True)
class Column:
    """One part of the trend: the heights of its two bars in percent of the highest."""

    label: str
    tick: bool
    opened: int
    settled: int
    opened_height: float
    settled_height: float


@requires(Scope.CASES)
async def _page(request: web.Request) -> web.StreamResponse:
    period, fault = _period(request)
    report = await request.app[REPORTS].report(period)
    grids, words = await request.app[REPORTS].names(report.rows[By.GRID]), Words(request[LANG])
    divisions = {by: words.lines(report, by, grids) for by in By}
    answer = render(
        request,
        "rates.html",
        {
            "report": report,
            "fault": fault,
            "days": days(period),
            "periods": _periods(request),
            "trend": _trend(report),
            "divisions": [(by, name, divisions[by]) for by, name in words.divisions().items()],
            "words": words,
            "counts": COUNTS,
            "rates": RATES,
            "count": Count,
            "by": By,
            "shown": SHOWN,
            "query": _query(period, request),
        },
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@requires(Scope.EXPORT)
async def _csv(request: web.Request) -> web.StreamResponse:
    return await _file(request, "csv", "text/csv")


@requires(Scope.EXPORT)
async def _xlsx(request: web.Request) -> web.StreamResponse:
    return await _file(request, "xlsx", _XLSX)


async def _file(request: web.Request, kind: str, media: str) -> web.Response:
    period, fault = _period(request)
    by = _by(request)
    if fault or by is None:
        raise web.HTTPBadRequest(reason=fault or "by is one of grid, unit, level, category")
    report = await request.app[REPORTS].report(period)
    grids = await request.app[REPORTS].names(report.rows[By.GRID])
    write = as_csv if kind == "csv" else as_xlsx
    name = f"linli-{period.first}-{period.last}-{by}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    body = write(report, by, Words(request[LANG]), grids)
    return web.Response(
        body=body, content_type=media, charset="utf-8" if kind == "csv" else None, headers=headers
    )


def _by(request: web.Request) -> By | None:
    asked = request.query.get("by", By.GRID.value)
    return next((by for by in By if by.value == asked), None)


def _period(request: web.Request) -> tuple[Period, str]:
    """The period that is asked for, this week without more; and what is wrong with it, if anything."""
    query, zone = request.query, request.app[GRIDS].zone
    now = request.app[CLOCK].now()
    if not (query.get("from") or query.get("to")):
        name = query.get("period", "week")
        return named(name if name in NAMES else "week", now, zone), ""
    today = now.astimezone(zone).date()
    try:
        first = date.fromisoformat(query["from"]) if query.get("from") else today
        last = date.fromisoformat(query["to"]) if query.get("to") else today
        return Period(first, last, zone), ""
    except ValueError as reason:
        return named("week", now, zone), str(reason)


def _periods(request: web.Request) -> list[tuple[str, str]]:
    """The addresses of this and the last week and month, by their names."""
    zone, now = request.app[GRIDS].zone, request.app[CLOCK].now()
    found = []
    for name in ("week", "month"):
        this = named(name, now, zone)
        last = NAMES[name](this.first - timedelta(days=1), zone)
        found += [(name, _query(this, request)), (f"last_{name}", _query(last, request))]
    return found


def _query(period: Period, request: web.Request) -> str:
    lang = {"lang": request[LANG]} if "lang" in request.query else {}
    return urlencode({"from": period.first, "to": period.last, **lang})


def _trend(report: Report) -> list[Column]:
    most = max((max(opened, settled) for _, opened, settled in report.trend), default=0) or 1
    every = -(-len(report.trend) // _TICKS)
    return [
        Column(
            f"{part.first:%m-%d}",
            at % every == 0,
            opened,
            settled,
            round(100 * opened / most, 1),
            round(100 * settled / most, 1),
        )
        for at, (part, opened, settled) in enumerate(report.trend)
    ]
