"""Sample facts and the short histories of cases that the tests begin with."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from actions import facts as f
from actions.advance import advance
from actions.assignment import Assignment
from actions.case import Case, Stage
from actions.levels import Level
from actions.message import Attachment, Kind, Point
from actions.nodes import Light
from actions.orders import Order
from actions.reading import Urgency
from actions.verdicts import Keys, Rule

START = datetime(2026, 3, 2, 7, 41, tzinfo=UTC)
GROUP = "memory:grid-7"
CASE = f"{GROUP}:1"
AUNT, NEIGHBOUR, WORKER = "memory:aunt", "memory:neighbour", "memory:worker"
PHOTO = Attachment(Kind.PHOTO, "photo-1", "image/jpeg", 2048)
POINT = Point(30.25, 120.17)
LATER = START + timedelta(minutes=1)
LIFTS = Assignment(matter="facilities.lift.fault", list_version="1", level=Level.STREET, unit="电梯所")
ABOVE = replace(LIFTS, level=Level.DISTRICT, unit="区市场监管局")
COLLEAGUE = "memory:colleague"

# One of each kind; a test changes what it is about.
FACTS: dict[type[f.Fact], f.Fact] = {
    type(fact): fact
    for fact in (
        f.Reported(
            at=START,
            by=AUNT,
            by_name="王阿姨",
            message="m1",
            case=CASE,
            number=1,
            group=GROUP,
            category="facilities.lift",
            text="3号楼电梯坏了",
            place="3号楼",
        ),
        f.Repeated(at=LATER, by=NEIGHBOUR, message="m2", text="3号楼电梯不动了", place="3号楼"),
        f.Seconded(at=LATER, by=NEIGHBOUR, message="m3", place="二单元"),
        f.Detailed(at=LATER, by=AUNT, message="m4", text="按钮不亮", attachments=(PHOTO,), point=POINT),
        f.PlaceGiven(at=LATER, by=AUNT, message="m5", place="3号楼二单元"),
        f.Reworded(at=LATER, by=AUNT, message="m1", text="3号楼电梯又坏了"),
        f.Urged(at=LATER, by=AUNT, message="m6"),
        f.SaidFixed(at=LATER, by=NEIGHBOUR, message="m7"),
        f.Withdrawn(at=LATER, by=AUNT, message="m8"),
        f.Restored(at=LATER, by=AUNT),
        f.Recategorised(at=LATER, by=WORKER, category="facilities.door"),
        f.Relocated(at=LATER, by=WORKER, place="5号楼一单元"),
        f.SplitOff(at=LATER, by=WORKER, messages=("m2",), into=f"{GROUP}:3", followers=(NEIGHBOUR,)),
        f.Dismissed(at=LATER, by=WORKER),
        f.Merged(at=LATER, by=WORKER, into=f"{GROUP}:2"),
        f.Absorbed(
            at=LATER,
            by=WORKER,
            other=f"{GROUP}:2",
            followers=(NEIGHBOUR,),
            messages=(("m20", "report"), ("m21", "detail")),
        ),
        f.TakenOn(at=LATER, by=WORKER, by_name="李师傅"),
        f.Dispatched(at=LATER, by=WORKER),
        f.SolvedOnSite(at=LATER, by=WORKER, by_name="李师傅"),
        f.TicketFiled(at=LATER, ticket="T-1"),
        f.JoinedTicket(at=LATER, ticket="T-1", leader="memory:grid-8:4"),
        f.SetApart(at=LATER, by=WORKER),
        f.SentBack(at=LATER),
        f.TicketRefused(at=LATER, reason="不属于本级"),
        f.FilingDelayed(at=LATER),
        f.TicketAccepted(at=LATER, note="电梯所已受理", update="u1"),
        f.WorkStarted(at=LATER, update="u2"),
        f.TicketReturned(at=LATER, note="非我单位职责", update="u3"),
        f.TicketNoted(at=LATER, note="配件在途", update="u4"),
        f.WorkDone(at=LATER, note="已更换门机", update="u5"),
        f.WorkerConfirmed(at=LATER, by=WORKER),
        f.WorkerDenied(at=LATER, by=WORKER),
        f.ResidentConfirmed(at=LATER, by=AUNT, message="m9"),
        f.ResidentDisputed(at=LATER, by=AUNT, message="m10", text="哪里修好了"),
        f.CameBack(at=LATER, by=NEIGHBOUR, message="m11", text="电梯又坏了"),
        f.SatisfactionGiven(at=LATER, by=AUNT, score=5),
        f.Posted(at=LATER, what="card", post="p1", face="f1"),
        f.Confided(at=LATER, by=AUNT, chat=AUNT),
        f.Whispered(at=LATER, what="card", to=WORKER, post="p7"),
        f.Unreached(at=LATER, to=COLLEAGUE),
        f.TimeRanOut(at=LATER, timer=""),
        f.Assigned(at=LATER, by=WORKER, matter="facilities.lift.fault", assignment=LIFTS),
        f.Raised(at=LATER, by=WORKER, assignment=ABOVE),
        f.HandedOver(at=LATER, by=WORKER, to=COLLEAGUE, to_name="赵师傅"),
        f.GivenBack(at=LATER, by=WORKER, reason="不在我的网格"),
        f.Inspected(at=LATER, by=WORKER, message="m12", attachments=(PHOTO,), text="门关不上"),
        f.ResidentHalfConfirmed(at=LATER, by=AUNT, message="m13", text="只修了一边"),
        f.LightTurned(at=LATER, clock=0, light=Light.YELLOW),
        f.Renewed(at=LATER, assignment=LIFTS),
    )
}
ASKED_WORKER = f.Posted(at=LATER, what="worker_key", post="p2")
NO_PLACE = replace(FACTS[f.Reported], place="")
UNSURE = replace(FACTS[f.Reported], sure=False)
KNOWN = replace(FACTS[f.Reported], assignment=LIFTS)
"""The responsibility list says who answers for it."""
COUNTED = replace(FACTS[f.Reported], keys=Keys(Rule.MAJORITY, quorum=3))
PHOTO_NEEDED = replace(FACTS[f.Reported], keys=Keys(photo=True))
"""In a grid where the residents' answers are counted."""
DOUBTFUL = replace(FACTS[f.Reported], doubtful=True)


def fact(kind: type[f.Fact], **changes: Any) -> f.Fact:
    """The sample of this kind, with some fields changed."""
    return replace(FACTS[kind], **changes)


class Story:
    """A case told fact by fact. A kind stands for its sample, `TimeRanOut` is for the wait that runs and
    `LightTurned` for the clock that does.
    """

    def __init__(self, *steps: "f.Fact | type[f.Fact]") -> None:
        self.case: Case | None = None
        self.trace: list[f.Fact] = []
        self.orders: list[Order] = []
        self.tell(*steps)

    def tell(self, *steps: "f.Fact | type[f.Fact]") -> "Story":
        """Some more of it; `last` are then the orders of the last fact."""
        for step in steps:
            happened = self._sample(step) if isinstance(step, type) else step
            self.case, orders = advance(self.case, happened)
            self.trace.append(happened)
            self.orders += orders
            self.last = orders
        return self

    def _sample(self, kind: type[f.Fact]) -> f.Fact:
        return due(self.case, FACTS[kind])

    @property
    def now(self) -> Case:
        """The case as it is."""
        assert self.case is not None
        return self.case

    def ordered(self, kind: type[Order]) -> list[Order]:
        """The orders of a kind that followed from the last fact."""
        return [order for order in self.last if isinstance(order, kind)]


def due(case: Case | None, happened: f.Fact) -> f.Fact:
    """The fact as it can happen to the case now: the wait that runs is over, the clock that runs turns."""
    if isinstance(happened, f.TimeRanOut) and case:
        return replace(happened, timer=case.timer)
    if isinstance(happened, f.LightTurned) and case:
        running = (number for number, clock in enumerate(case.clocks) if clock.runs)
        return replace(happened, clock=next(running, happened.clock))
    return happened


FILED = (f.Reported, f.TicketFiled)
JOINED = (f.Reported, f.JoinedTicket)
SILENCE = (f.TimeRanOut, f.TimeRanOut)
ASKED_RESIDENTS = (*FILED, f.WorkDone, ASKED_WORKER, f.WorkerConfirmed)

# How a case comes into each stage: the first way has a ticket wherever the stage can have one.
WAYS: dict[Stage, tuple[tuple[f.Fact | type[f.Fact], ...], ...]] = {
    Stage.UNSURE: ((DOUBTFUL,),),
    Stage.ASKING_WHERE: ((NO_PLACE,),),
    Stage.WAITING_WORKER: ((UNSURE,), (f.Reported, f.TicketRefused), (UNSURE, f.TimeRanOut)),
    Stage.HANDLING: ((*FILED, f.TakenOn), (f.Reported, f.TakenOn), (*FILED, f.TakenOn, f.TimeRanOut)),
    Stage.FILING: ((f.Reported,), (f.Reported, f.FilingDelayed)),
    Stage.OPEN: (FILED,),
    Stage.ACCEPTED: ((*FILED, f.TicketAccepted),),
    Stage.IN_PROGRESS: ((*FILED, f.WorkStarted),),
    Stage.RETURNED: ((*FILED, f.TicketReturned),),
    Stage.WORK_DONE: ((*FILED, f.WorkDone),),
    Stage.WORKER_KEY: ((*FILED, f.WorkDone, ASKED_WORKER),),
    Stage.RESIDENTS_KEY: (ASKED_RESIDENTS, (UNSURE, f.SolvedOnSite), (*ASKED_RESIDENTS, f.TimeRanOut)),
    Stage.CLOSED: ((*ASKED_RESIDENTS, f.ResidentConfirmed),),
    Stage.SOLVED_IN_GRID: ((UNSURE, f.SolvedOnSite, f.ResidentConfirmed),),
    Stage.LAPSED: (
        (*ASKED_RESIDENTS, *SILENCE),
        (UNSURE, f.SolvedOnSite, *SILENCE),
        (UNSURE, f.Dispatched, f.TicketRefused, *SILENCE),
    ),
    Stage.WITHDRAWN: ((f.Reported, f.Withdrawn), (*FILED, f.Withdrawn)),
    Stage.MERGED: ((f.Reported, f.Merged), (*FILED, f.Merged)),
    Stage.NOT_A_PROBLEM: ((*FILED, f.Dismissed), (f.Reported, f.Dismissed), (DOUBTFUL, f.TimeRanOut)),
}


def in_stage(stage: Stage) -> Iterable[Story]:
    """A story for every way that leads into the stage."""
    for way in WAYS[stage]:
        story = Story(*way)
        assert story.now.stage is stage
        yield story


def emergency() -> f.Fact:
    """A report that somebody's life is in danger."""
    return fact(f.Reported, urgency=Urgency.EMERGENCY, text="3号楼着火了", warned=True)
