"""The dispatcher's page: every ticket, what happened to it, and the buttons that move it on."""

import csv
import math
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web
from yarl import URL

from actions.returns import Reason
from connectors.bodies import form_of
from connectors.desk import services
from connectors.desk.api import tries_wait
from connectors.desk.lights import light
from connectors.desk.login import COOKIE, SESSIONS, Session, by_https
from connectors.desk.moves import HANDED_BACK, MOVES, NoReason, NoSuchTicket, NotAllowed
from connectors.desk.records import NO_UNIT, Query, Ticket, split_reference
from connectors.desk.settings import STORE
from connectors.duty import duty_of
from connectors.open311 import OPEN, STATUSES

_FOLDER = Path(__file__).parent
_PAGE = 50
_BUTTONS = ("accepted", "in_progress", "fixed", "returned", "closed", "received")
_STATES = {
    "open": tuple(sorted(OPEN)),
    "closed": tuple(one for one in STATUSES if one not in OPEN),
    "all": (),
}
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def setup(app: web.Application) -> None:
    """Add the page to an application."""
    loader = jinja2.FileSystemLoader(_FOLDER / "templates")
    aiohttp_jinja2.setup(app, loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    app.router.add_get("/", show)
    # A link that is only looked at ahead (HEAD) must not be used up.
    app.router.add_get("/login", login, allow_head=False)
    app.router.add_post("/logout", logout)
    app.router.add_get("/version", version)
    app.router.add_get("/tickets/{id}", show_one)
    app.router.add_post("/tickets/{id}", move)
    app.router.add_static("/static", _FOLDER / "static")


async def show(request: web.Request) -> web.Response:
    """Show the list, or only its cards to the script that keeps it fresh."""
    session = await request.app[SESSIONS].of(request)
    if session is None:
        return _render("login.html", request, {"text": "login_text"}, 401)
    context = await _context(request, session)
    name = "cards.html" if request.query.get("part") == "cards" else "page.html"
    return _render(name, request, context)


async def show_one(request: web.Request) -> web.Response:
    """Send a ticket's address to its place in the list."""
    raise _back(request)


async def login(request: web.Request) -> web.Response:
    """Turn a one-time link into a session."""
    if wait := await tries_wait(request, "login"):
        answer = _render("login.html", request, {"text": "login_later"}, 429)
        answer.headers["Retry-After"] = str(math.ceil(wait))
        return answer
    role = await request.app[STORE].use_login(request.query.get("token", ""))
    if role is None:
        return _render("login.html", request, {"text": "login_bad"}, 403)
    # A page and not a redirect: after a link on another site a browser withholds Strict cookies all the way.
    response = _render("welcome.html", request, {})
    await request.app[SESSIONS].begin(request, response, role)
    return response


async def logout(request: web.Request) -> web.Response:
    """End the session."""
    session = await request.app[SESSIONS].of(request)
    form = await form_of(request)
    if session is None or not request.app[SESSIONS].owns_form(session, str(form.get("csrf", ""))):
        raise web.HTTPForbidden
    await request.app[SESSIONS].end(request)
    answer = web.Response(status=303, headers={"Location": "/"})
    answer.del_cookie(COOKIE)
    return answer


async def version(request: web.Request) -> web.Response:
    """Tell the script whether anything changed."""
    if await request.app[SESSIONS].of(request) is None:
        raise web.HTTPUnauthorized
    return web.json_response({"version": await request.app[STORE].version()})


async def move(request: web.Request) -> web.Response:
    """Do what a button says, and show the ticket again."""
    session = await request.app[SESSIONS].of(request)
    if session is None:
        return _render("login.html", request, {"text": "login_text"}, 401)
    form = await form_of(request)
    typed = {name: str(form.get(name, "")).strip()[:2000] for name in ("status", "note", "reason")}
    if not request.app[SESSIONS].owns_form(session, str(form.get("csrf", ""))):
        return await _complain(request, session, _words(request)["expired"], typed, 403)
    if not session.may_move:
        return await _complain(request, session, _words(request)["only_reads"], typed, 403)
    # One form has the reason and all the buttons: with any other button it means nothing.
    reason = typed["reason"] if typed["status"] in HANDED_BACK else ""
    try:
        await request.app[STORE].set_status(request.match_info["id"], typed["status"], typed["note"], reason)
    except NotAllowed as error:
        return await _complain(request, session, _explained(request, error), typed, _status_of(error))
    raise _back(request)


def _status_of(error: NotAllowed) -> int:
    if isinstance(error, NoSuchTicket):
        return 404
    return 400 if isinstance(error, NoReason) else 409


def _explained(request: web.Request, error: NotAllowed) -> str:
    words = _words(request)
    reasons = "、".join(words[f"reason_{reason}"] for reason in Reason)
    return words[error.why].format(reasons=reasons) if error.why in words else str(error)


def _back(request: web.Request) -> web.HTTPSeeOther:
    ticket_id = request.match_info["id"]
    return web.HTTPSeeOther(URL(_here(request, {"open": ticket_id})).with_fragment(f"t-{ticket_id}"))


async def _complain(
    request: web.Request, session: Session, text: str, typed: dict[str, str], status: int
) -> web.Response:
    context = await _context(request, session)
    wrong = {"id": request.match_info["id"], "text": text, **typed}
    return _render("page.html", request, {**context, "opened": wrong["id"], "wrong": wrong}, status)


async def _context(request: web.Request, session: Session) -> dict[str, Any]:
    store, query = request.app[STORE], request.query
    state = query.get("state", "open")
    state = state if state in _STATES else "open"
    page = _number(query.get("page", ""))
    unit = query.get("unit", "")[:200]
    wanted = Query(statuses=_STATES[state], search=query.get("q", "")[:100], unit=unit)
    found = await store.tickets(wanted, _PAGE + 1, (page - 1) * _PAGE)
    # A ticket that was just moved out of the list stays in view until the dispatcher looks elsewhere.
    shown = await _with_opened(request, found[:_PAGE], query.get("open", ""))
    return {
        "tickets": await store.with_steps(shown),
        "counts": await _counts(request, unit),
        "unit": unit,
        "units": await store.units(),
        "state": state,
        "q": wanted.search,
        "page": page,
        "more": len(found) > _PAGE,
        "opened": query.get("open", ""),
        "version": await store.version(),
        "csrf": request.app[SESSIONS].form_token(session),
        "may_move": session.may_move,
        "wrong": None,
    }


async def _with_opened(request: web.Request, shown: list[Ticket], opened: str) -> list[Ticket]:
    if not opened or any(one.id == opened for one in shown):
        return shown
    return [*await request.app[STORE].tickets(Query(ids=(opened,)), 1), *shown]


async def _counts(request: web.Request, unit: str) -> dict[str, int]:
    counts = await request.app[STORE].counts(unit)
    return {
        state: sum(counts.get(one, 0) for one in (statuses or STATUSES))
        for state, statuses in _STATES.items()
    }


def _render(name: str, request: web.Request, context: dict[str, Any], status: int = 200) -> web.Response:
    lang, words = _lang(request), _words(request)
    shared = {
        "w": words,
        "lang": lang,
        "service": lambda code: services.name(code, lang),
        "status_word": lambda one: words["closed_status"] if one == "closed" else words[one],
        "buttons": lambda one: [after for after in _BUTTONS if after in MOVES[one]],
        "age": _age(words),
        "local": lambda when: when.astimezone().strftime("%m-%d %H:%M"),
        "is_link": lambda url: url.lower().startswith(("http://", "https://")),
        "told": lambda text: split_reference(text)[0],
        "words_of": lambda text: duty_of(split_reference(text)[0])[1],
        "reference": lambda text: split_reference(text)[1],
        "light": lambda ticket: light(ticket, datetime.now(UTC)),
        "reasons": list(Reason),
        "why": lambda ticket: "、".join(_often(words, ticket)),
        "level": lambda code: words.get(f"level_{code}", code),
        "no_unit": NO_UNIT,
        "here": lambda **changes: _here(request, changes),
    }
    response = aiohttp_jinja2.render_template(name, request, {**shared, **context}, status=status)
    if request.query.get("lang") in {"zh", "en"}:
        secure = by_https(request)
        response.set_cookie(
            "desk_lang", lang, max_age=31_536_000, samesite="Strict", httponly=True, secure=secure
        )
    return response


def _often(words: dict[str, str], ticket: Ticket) -> list[str]:
    """Why it was given back, each reason once with how often."""
    named = ((words[f"reason_{reason}"], n) for reason, n in Counter(ticket.reasons).items())
    return [f"{name} ×{n}" if n > 1 else name for name, n in named]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 and int(text) else 1


def _here(request: web.Request, changes: dict[str, str]) -> str:
    kept = {
        key: value for key, value in request.query.items() if key in {"state", "q", "unit", "page"} and value
    }
    query = {key: str(value) for key, value in {**kept, **changes}.items() if value not in {"", None}}
    return str(URL("/").with_query(query))


def _age(words: dict[str, str]) -> Callable[[datetime], str]:
    def age(when: datetime) -> str:
        minutes = int((datetime.now(UTC) - when).total_seconds() // 60)
        if minutes < 1:
            return words["now"]
        if minutes < 60:
            return words["minutes"].format(n=minutes)
        if minutes < 48 * 60:
            return words["hours"].format(n=minutes // 60)
        return words["days"].format(n=minutes // 1440)

    return age


def _lang(request: web.Request) -> str:
    wanted = request.query.get("lang") or request.cookies.get("desk_lang", "")
    return "en" if wanted.startswith("en") else "zh"


def _words(request: web.Request) -> dict[str, str]:
    return _all_words()[_lang(request)]


@cache
def _all_words() -> dict[str, dict[str, str]]:
    with (_FOLDER / "words.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {lang: {row["key"]: row[lang] for row in rows} for lang in ("zh", "en")}
