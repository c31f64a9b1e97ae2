"""Questions: what an order asks or says in the group, in which words, with which buttons, and whom it calls."""

from actions import orders as o
from actions.case import Case, Stage
from actions.errors import Refused
from actions.presses import RATES, RESIDENTS_ROWS, WORKERS_ROW, Verb
from bot.cards import Writer


def calls_workers(order: o.Order) -> bool:
    to_worker = (
        o.Sentence.REMIND_WORKER,
        o.Sentence.REMIND_WORKER_KEY,
        o.Sentence.RETURNED,
        o.Sentence.REFUSED,
    )
    return isinstance(order, o.AskWorker) or (isinstance(order, o.Say) and order.sentence in to_worker)


_Rows = tuple[tuple[Verb, ...], ...]
_WORKERS_KEY: _Rows = (WORKERS_ROW,)
_RESIDENTS_KEY: _Rows = RESIDENTS_ROWS


def question(order: o.Order, case: Case, writer: Writer) -> tuple[str, str, _Rows]:
    """What is posted, in which words, with which buttons; no words where the moment has passed, or nothing may be said."""
    what, text, rows = _question(order, case, writer)
    return what, text if writer.shows(case) else "", rows


def _question(order: o.Order, case: Case, writer: Writer) -> tuple[str, str, _Rows]:
    match order:
        case o.AskWorker():
            asked = case.stage in (Stage.WORK_DONE, Stage.WORKER_KEY)
            return "worker_key", writer.ask_worker(case) if asked else "", _WORKERS_KEY
        case o.AskIfFixed():
            asked = case.stage is Stage.RESIDENTS_KEY
            return "residents_key", writer.ask_if_fixed(case) if asked else "", _RESIDENTS_KEY
        case o.AskSatisfaction():
            return "satisfaction", writer.ask_satisfaction(case), (RATES,)
        case o.Say():
            stages = _SAID_IN.get(order.sentence)
            text = writer.say(order.sentence, case, order.note)
            rows = _REPEATED.get(order.sentence, ())
            return order.sentence.value, text if stages is None or case.stage in stages else "", rows
    raise Refused(f"nobody knows how to carry out {type(order).__name__}")


_SAID_IN: dict[o.Sentence, tuple[Stage, ...]] = {
    o.Sentence.REFUSED: (Stage.WAITING_WORKER,),
    o.Sentence.RETURNED: (Stage.RETURNED,),
    o.Sentence.REMIND_WORKER: (Stage.WAITING_WORKER, Stage.HANDLING),
    o.Sentence.REMIND_WORKER_KEY: (Stage.WORK_DONE, Stage.WORKER_KEY),
    o.Sentence.REMIND_RESIDENTS: (Stage.RESIDENTS_KEY,),
    o.Sentence.PHOTO_NEEDED: (Stage.WORK_DONE, Stage.WORKER_KEY),
}
"""What may have waited is said only while it still holds."""
_REPEATED: dict[o.Sentence, _Rows] = {
    o.Sentence.REMIND_WORKER_KEY: _WORKERS_KEY,
    o.Sentence.PHOTO_NEEDED: _WORKERS_KEY,
    o.Sentence.REMIND_RESIDENTS: _RESIDENTS_KEY,
}
