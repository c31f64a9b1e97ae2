"""Effects of the moves: the orders that follow from a row of the table, each made from the case as it is then."""

from collections.abc import Callable

from actions import facts as f
from actions import orders as o
from actions.case import Case
from actions.confidentiality import hidden
from actions.nodes import Light
from actions.orders import News, Sentence, Wait

Effect = Callable[[Case, f.Fact], o.Order | None]


_BACK = (Sentence.DISPUTED, Sentence.DENIED, Sentence.HALF_FIXED)
"""They say that it goes back to the same unit, which is not so where the level above rules: then that is said."""


def show_card(_: Case, fact: f.Fact) -> o.Order:
    return o.ShowCard(asked_at=fact.at if fact.by else None)


def show_here(case: Case, _: f.Fact) -> o.Order | None:
    # With the last line to a worker goes the place of their buttons: then they stand in the group.
    return None if hidden(case) else o.ShowCard(here=True)


def ask_worker(_: Case, __: f.Fact) -> o.Order:
    return o.AskWorker()


def ask_if_fixed(_: Case, __: f.Fact) -> o.Order:
    return o.AskIfFixed()


def ask_satisfaction(_: Case, fact: f.Fact) -> o.Order | None:
    # Whoever pressed gives the mark where the button was; only words are answered with words.
    return o.AskSatisfaction() if fact.message else None


def file_ticket(_: Case, __: f.Fact) -> o.Order:
    return o.FileTicket()


def show_question(_: Case, __: f.Fact) -> o.Order:
    return o.ShowQuestion()


def say(sentence: Sentence) -> Effect:
    """An effect that tells the group one milestone; the fact's own words go along."""

    def effect(_: Case, fact: f.Fact) -> o.Order | None:
        if sentence in _BACK and getattr(fact, "ruling", None) is not None:
            return None
        return o.Say(sentence=sentence, note=_words(fact))

    return effect


def tell(news: News) -> Effect:
    """An effect that tells dispatch, where dispatch has a ticket."""

    def effect(case: Case, fact: f.Fact) -> o.Order | None:
        if case.ticket is None or (isinstance(fact, f.Detailed) and not fact.told):
            return None
        attachments = fact.attachments if isinstance(fact, f.Detailed | f.Inspected) else ()
        # Who follows another group's ticket may be set apart before this is told.
        ticket = case.ticket if case.leader else ""
        return o.TellDispatch(news=news, text=_words(fact), attachments=attachments, ticket=ticket)

    return effect


def tell_rewording(case: Case, fact: f.Fact) -> o.Order | None:
    """Dispatch is told the new words of the report; an edit of any other message stays in the group."""
    return tell(News.REWORDED)(case, fact) if fact.message == case.origin else None


def tell_joined(case: Case, _: f.Fact) -> o.Order:
    """Dispatch gets no ticket, so what stands in the report goes to the ticket that there is."""
    ticket = case.ticket or ""
    return o.TellDispatch(news=News.JOINED, text=case.text, attachments=case.attachments, ticket=ticket)


def leave_ticket(case: Case, _: f.Fact) -> o.Order:
    """The ticket that it followed is left to those who still follow it."""
    return o.TellDispatch(news=News.WITHDRAWN, ticket=case.apart_from)


def tell_ruling(case: Case, fact: f.Fact) -> o.Order | None:
    """Dispatch is told that the level above has it now; of several groups by that one whose ticket it is."""
    if getattr(fact, "ruling", None) is None or case.ticket is None or case.leader:
        return None
    return o.TellDispatch(news=News.RULING, text=_words(fact))


def say_ruling(_: Case, fact: f.Fact) -> o.Order | None:
    return o.Say(sentence=Sentence.RULING) if getattr(fact, "ruling", None) else None


def alert(case: Case, fact: f.Fact) -> o.Order | None:
    if not isinstance(fact, f.LightTurned):
        return None
    return o.Alert(node=case.clocks[fact.clock].node, light=fact.light, clock=fact.clock)


def watch_on(_: Case, fact: f.Fact) -> o.Order | None:
    """After yellow comes red."""
    yellow = isinstance(fact, f.LightTurned) and fact.light is Light.YELLOW
    return (
        o.WatchClock(clock=fact.clock, light=Light.RED)
        if yellow and isinstance(fact, f.LightTurned)
        else None
    )


def call_worker(_: Case, fact: f.Fact) -> o.Order | None:
    return o.CallWorker(to=fact.to) if isinstance(fact, f.HandedOver) and fact.to != fact.by else None


def wait(what: Wait) -> Effect:
    """An effect that starts a wait; the timer before it, if any, counts no more."""

    def effect(case: Case, _: f.Fact) -> o.Order:
        return o.WakeAt(wait=what, timer=f"{case.version}:{what}")

    return effect


def _words(fact: f.Fact) -> str:
    if isinstance(fact, f.TicketReturned):
        return fact.note  # its reason is a code
    for name in ("note", "reason", "text", "place", "matter", "category"):
        if words := getattr(fact, name, ""):
            return str(words)
    return ""
