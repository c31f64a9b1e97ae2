"""The console: the operator's page at /console, its live feed, and the page of one case."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import web
from babel.dates import format_timedelta

from actions.confidentiality import is_confidential
from bot.access import genuine_form, requires, scopes_of
from bot.board import SHOWN, Boards, Story, as_seen
from bot.categories import name_of
from bot.dossier import answers_for, went
from bot.frame import LANG, render
from bot.lamps import late_words, moment, node_name
from bot.log_ring import Ring
from bot.scopes import Scope

log = structlog.get_logger("console")
BOARDS = web.AppKey("boards", Boards)
RING = web.AppKey("ring", Ring)


def N_(sentence: str) -> str:  # noqa: N802 gettext's own name for a sentence that is translated later
    """Mark a sentence for the catalogue."""
    return sentence


STAGES = {
    "new": N_("new"),
    "unsure": N_("unsure"),
    "asking_where": N_("asking where"),
    "waiting_worker": N_("waiting for the worker"),
    "handling": N_("handled in the grid"),
    "filing": N_("being filed"),
    "open": N_("filed"),
    "accepted": N_("accepted"),
    "in_progress": N_("work under way"),
    "returned": N_("sent back"),
    "work_done": N_("said to be done"),
    "worker_key": N_("worker checks"),
    "residents_key": N_("residents check"),
    "closed": N_("closed"),
    "solved_in_grid": N_("solved in the grid"),
    "lapsed": N_("lapsed unconfirmed"),
    "withdrawn": N_("withdrawn"),
    "merged": N_("merged"),
    "not_a_problem": N_("not a problem"),
}
HAPPENED = {
    "Reported": N_("Reported"),
    "Repeated": N_("Reported again"),
    "Seconded": N_("Seconded"),
    "Detailed": N_("Details added"),
    "PlaceGiven": N_("Place given"),
    "Reworded": N_("Reworded"),
    "Urged": N_("Urged"),
    "SaidFixed": N_("Said to be fixed"),
    "Withdrawn": N_("Withdrawn"),
    "Restored": N_("Wanted after all"),
    "Recategorised": N_("Category corrected by the worker"),
    "Relocated": N_("Place corrected by the worker"),
    "SplitOff": N_("Split by the worker"),
    "Dismissed": N_("Dismissed by the worker"),
    "Merged": N_("Merged into another"),
    "Absorbed": N_("Took another in"),
    "TakenOn": N_("Taken on by the worker"),
    "Dispatched": N_("Sent to dispatch by the worker"),
    "SolvedOnSite": N_("Solved on site"),
    "TicketFiled": N_("Ticket filed"),
    "TicketRefused": N_("Ticket refused"),
    "FilingDelayed": N_("Dispatch cannot be reached"),
    "TicketAccepted": N_("Accepted by the unit"),
    "WorkStarted": N_("Work started"),
    "TicketReturned": N_("Sent back by the unit"),
    "TicketNoted": N_("Note from dispatch"),
    "WorkDone": N_("Work said to be done"),
    "WorkerConfirmed": N_("Worker's key: confirmed"),
    "WorkerDenied": N_("Worker's key: not done"),
    "ResidentConfirmed": N_("Residents' key: confirmed"),
    "ResidentDisputed": N_("Disputed by a resident"),
    "SatisfactionGiven": N_("Satisfaction given"),
    "JoinedTicket": N_("Follows another group's ticket"),
    "SetApart": N_("Not what the other group reported"),
    "SentBack": N_("Sent back by another group"),
    "CameBack": N_("Came back after its end"),
    "Posted": N_("Posted in the group"),
    "Confided": N_("Opened a private line"),
    "Whispered": N_("Said in private"),
    "Unreached": N_("No line to a worker or to the staff group"),
    "TimeRanOut": N_("Time ran out"),
    "Assigned": N_("Matter named by the worker"),
    "Raised": N_("Sent one level up by the worker"),
    "HandedOver": N_("Handed over to another worker"),
    "GivenBack": N_("Given back by the worker"),
    "Inspected": N_("Looked at on the spot"),
    "ResidentHalfConfirmed": N_("Residents' key: fixed in part"),
    "LightTurned": N_("A light turned"),
    "Renewed": N_("Taken over by a later release"),
    "ShowCard": N_("Show the card"),
    "TurnPage": N_("Turn the page of a list"),
    "ShowMenu": N_("Show the menu of corrections"),
    "CloseMenu": N_("Close the menu of corrections"),
    "Invite": N_("Point to the private line"),
    "Whisper": N_("Say in private"),
    "ShowList": N_("List what was missed"),
    "AskWorker": N_("Ask the worker"),
    "AskIfFixed": N_("Ask the residents"),
    "AskSatisfaction": N_("Ask for satisfaction"),
    "Say": N_("Tell the group"),
    "Warn": N_("Warn of danger"),
    "Reply": N_("Reply"),
    "AnswerPress": N_("Answer a press"),
    "FileTicket": N_("File the ticket"),
    "TellDispatch": N_("Tell dispatch"),
    "WakeAt": N_("Wait, then look again"),
    "WatchClock": N_("Watch a clock"),
    "Alert": N_("Warn of a light"),
    "CallWorker": N_("Call the worker"),
    "ShowQuestion": N_("Bring the question up to date"),
}


DETAILS = {
    "category": N_("category"),
    "text": N_("words"),
    "place": N_("place"),
    "point": N_("on the map"),
    "urgency": N_("urgency"),
    "confidence": N_("confidence"),
    "attachments": N_("attachments"),
    "ticket": N_("ticket"),
    "note": N_("note"),
    "reason": N_("reason"),
    "score": N_("mark"),
    "what": N_("message"),
    "post": N_("number"),
    "wait": N_("waits for"),
    "sentence": N_("sentence"),
    "news": N_("news"),
    "into": N_("into"),
    "messages": N_("messages"),
    "followers": N_("people"),
    "categories": N_("likeliest categories"),
    "other": N_("other case"),
    "doubtful": N_("doubtful"),
    "matter": N_("matter"),
    "matters": N_("likeliest matters"),
    "assignment": N_("who answers for it"),
    "ruling": N_("ruled by"),
    "to_name": N_("handed to"),
    "to": N_("chat"),
    "node": N_("step"),
    "light": N_("light"),
}
DECREES = {
    "hierarchy": N_("Hierarchy and rules"),
    "matters": N_("Responsibility list"),
    "retention": N_("Deleted when its time was over"),
    "privacy": N_("Erased or handed out on request"),
}
_LINES_SHOWN = 10  # of a decree; all of it stays in the chronicle


def set_up(app: web.Application, boards: Boards, ring: Ring) -> None:
    """Give the application what the console needs; readers of the feed are sent away on shutdown."""
    app[BOARDS], app[RING] = boards, ring
    app.on_shutdown.append(_stop)


def routes() -> list[web.RouteDef]:
    """What a web application has to serve for it."""
    return [
        web.get("/console", _console),
        web.get("/console/board", _board),
        web.get("/console/events", _events),
        web.get("/console/case/{case:.+}", _case),
        web.post("/console/replay", _replay),
    ]


@requires(Scope.CASES)
async def _console(request: web.Request) -> web.StreamResponse:
    return _page(request, "console.html", await _words(request))


@requires(Scope.CASES)
async def _board(request: web.Request) -> web.StreamResponse:
    """The board alone: the page puts it in the place of the old one."""
    return _page(request, "board.html", await _words(request))


@requires(Scope.CASES)
async def _case(request: web.Request) -> web.StreamResponse:
    story = await request.app[BOARDS].story(request.match_info["case"])
    if story is None or not _may_see(request, story):
        raise web.HTTPNotFound
    return _page(request, "case.html", {"story": story, "now": datetime.now().astimezone()})


@requires(Scope.OPERATE)
async def _replay(request: web.Request) -> web.StreamResponse:
    letter = (await genuine_form(request)).get("letter", "")
    done = await request.app[BOARDS].replay(letter)
    log.info("replayed", letter=letter, done=done)
    query = {
        "replayed": "yes" if done else "gone",
        **({"lang": request.query["lang"]} if "lang" in request.query else {}),
    }
    raise web.HTTPSeeOther(f"/console?{urlencode(query)}")


@requires(Scope.OPERATE)
async def _events(request: web.Request) -> web.StreamResponse:
    """The log as it is written, as server-sent events; a comment now and then keeps the line open."""
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = web.StreamResponse(headers=headers)
    await stream.prepare(request)
    seen = request.headers.get("Last-Event-ID", "")
    try:
        async for event in request.app[RING].follow(_number(seen)):
            await stream.write(_frame(event))
    except (ConnectionError, asyncio.CancelledError):
        pass  # the visitor has gone
    return stream


def _number(seen: str) -> int:
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 16 else 0


def _may_see(request: web.Request, story: Story) -> bool:
    """Whoever may not see what is confidential does not learn that it is there either."""
    return Scope.CONFIDENTIAL in scopes_of(request) or not is_confidential(story.row.case)


def _frame(event: dict[str, Any] | None) -> bytes:
    if event is None:
        return b": still here\n\n"
    # A lone surrogate cannot be sent; JSON's own escapes can.
    return f"id: {event['n']}\ndata: {json.dumps(event)}\n\n".encode()


async def _words(request: web.Request) -> dict[str, Any]:
    board = as_seen(await request.app[BOARDS].board(), scopes_of(request))
    replayed = request.query.get("replayed", "")
    return {"board": board, "shown": SHOWN, "replayed": replayed, "now": board.at}


def _page(request: web.Request, name: str, words: dict[str, Any]) -> web.StreamResponse:
    lang = request[LANG]
    helpers = {
        "stages": STAGES,
        "happened": HAPPENED,
        "details": DETAILS,
        "decree_kinds": DECREES,
        "lines_shown": _LINES_SHOWN,
        "category": lambda code: name_of(code, lang),
        "ago": lambda age: _age(age, lang),
        "clock": _clock_time,
        "answers_for": lambda case, matter: answers_for(case, matter, lang),
        "went": lambda case: went(case, lang),
        "node": lambda node: node_name(node, lang),
        "moment": lambda at: moment(at, lang),
        "late": lambda standing: late_words(standing, lang),
    }
    answer = render(request, name, {**helpers, **words})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _age(age: timedelta, lang: str) -> str:
    return format_timedelta(age, granularity="minute", threshold=1.2, format="short", locale=lang)


def _clock_time(at: datetime) -> str:
    return at.astimezone().strftime("%m-%d %H:%M:%S")


async def _stop(app: web.Application) -> None:
    app[RING].stop()
