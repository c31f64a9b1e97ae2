"""Random sequences of facts, legal and not: whatever happens, the trace tells the whole case."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions import facts as f
from actions import orders as o
from actions.advance import advance, rebuild
from actions.assignment import Assignment, Secrecy
from actions.case import AT_DISPATCH, DROPPED, MOST_PLACES, SETTLED, Case, IllegalMove, Stage
from actions.facts import Fact
from actions.levels import Level
from actions.limits import Limit, Measure
from actions.message import Attachment, Kind, Point
from actions.moves import TABLE
from actions.nodes import Light, Node
from actions.orders import Order
from actions.reading import Urgency
from actions.verdicts import BY_DEFAULT, Keys, Rule
from connectors.codec import dump, load
from tests.actions.stories import AUNT, CASE, GROUP, NEIGHBOUR, START, WORKER

# A busy machine is no failure.
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
STALE = "stale"
RUNNING = "running"

people = st.sampled_from([AUNT, NEIGHBOUR, WORKER, ""])
words = st.one_of(st.sampled_from(["", "3号楼电梯坏了", "还是不亮", "\ud83c", "\x00"]), st.text(max_size=20))
ids = st.sampled_from([f"m{n}" for n in range(1, 9)])
moments = st.integers(0, 10**6).map(lambda seconds: START + timedelta(seconds=seconds))
points = st.builds(Point, lat=st.floats(-90, 90), long=st.floats(-180, 180))
# As platforms name their files: nothing else is called so.
refs = st.sampled_from(["AgACAgUAAxkB", "BQACAgUAAxkC", "CgACAgUAAxkD"])
attachments = st.lists(
    st.builds(Attachment, st.sampled_from(Kind), refs, words, st.integers(0, 10**9)), max_size=2
).map(tuple)
limits = st.builds(Limit, st.integers(1, 99), st.sampled_from(Measure))
assignments = st.builds(
    Assignment,
    matter=words,
    list_version=words,
    level=st.sampled_from(Level),
    unit=words,
    assisting=st.lists(words, max_size=2).map(tuple),
    respond=limits,
    resolve=limits,
    secrecy=st.sampled_from(Secrecy),
)
maybe = st.none() | assignments
keys = st.builds(Keys, st.sampled_from(Rule), quorum=st.integers(1, 3), raise_after=st.integers(0, 3))
told = {"at": moments, "by": people, "by_name": words, "message": st.none() | ids}
reports = st.builds(
    f.Reported,
    **told,
    case=st.just(CASE),
    number=st.just(1),
    group=st.just(GROUP),
    category=words,
    text=words,
    place=st.sampled_from(["", "3号楼"]),
    point=st.none() | points,
    urgency=st.sampled_from(Urgency),
    confidence=st.floats(0, 1),
    sure=st.booleans(),
    files_at_once=st.booleans(),
    warned=st.booleans(),
    doubtful=st.booleans(),
    meaning=st.sampled_from(["", "AQID"]),
    attachments=attachments,
    categories=st.lists(words, max_size=3).map(tuple),
    assignment=maybe,
    matters=st.lists(words, max_size=3).map(tuple),
    keys=st.just(BY_DEFAULT) | keys,
)
news = {
    kind: st.builds(kind, **told, note=words, update=words)
    for kind in (f.TicketAccepted, f.WorkStarted, f.TicketNoted, f.WorkDone)
}
plain = {
    kind: st.builds(kind, **told)
    for kind in (
        f.Urged,
        f.SaidFixed,
        f.Withdrawn,
        f.Restored,
        f.Dismissed,
        f.TakenOn,
        f.Dispatched,
        f.SolvedOnSite,
        f.FilingDelayed,
        f.WorkerConfirmed,
    )
}
timers = st.sampled_from([RUNNING, RUNNING, RUNNING, STALE, "", "1:worker"])
households = st.sampled_from(["", "", "1-501", "2-302"])
posts = st.sampled_from(["card", "worker_key", "where"])
KINDS: dict[type[Fact], st.SearchStrategy[Fact]] = {
    f.Reported: reports,
    **plain,
    **news,
    f.Repeated: st.builds(
        f.Repeated,
        **told,
        text=words,
        place=words,
        urgency=st.sampled_from(Urgency),
        meaning=st.sampled_from(["", "AQID"]),
    ),
    f.Seconded: st.builds(f.Seconded, **told, place=words),
    f.Detailed: st.builds(f.Detailed, **told, text=words, attachments=attachments, point=st.none() | points),
    f.PlaceGiven: st.builds(f.PlaceGiven, **told, place=words, point=st.none() | points),
    f.Reworded: st.builds(
        f.Reworded,
        **told,
        text=words,
        category=words,
        place=words,
        urgency=st.none() | st.sampled_from(Urgency),
    ),
    f.Recategorised: st.builds(f.Recategorised, **told, category=words, private=st.none() | st.booleans()),
    f.Relocated: st.builds(f.Relocated, **told, place=words),
    f.SplitOff: st.builds(
        f.SplitOff,
        **told,
        messages=st.lists(ids, max_size=3).map(tuple),
        into=words,
        followers=st.lists(people, max_size=3).map(tuple),
        attachments=attachments,
    ),
    f.Merged: st.builds(f.Merged, **told, into=words),
    f.Absorbed: st.builds(
        f.Absorbed,
        **told,
        other=words,
        followers=st.lists(people, max_size=3).map(tuple),
        messages=st.lists(st.tuples(ids, words), max_size=3).map(tuple),
    ),
    f.TicketFiled: st.builds(f.TicketFiled, **told, ticket=words),
    f.JoinedTicket: st.builds(f.JoinedTicket, **told, ticket=words, leader=words),
    f.SetApart: st.builds(f.SetApart, **told),
    f.SentBack: st.builds(f.SentBack, **told, disputed=st.booleans()),
    f.CameBack: st.builds(f.CameBack, **told, text=words, place=words),
    f.TicketRefused: st.builds(f.TicketRefused, **told, reason=words),
    f.TicketReturned: st.builds(
        f.TicketReturned,
        **told,
        note=words,
        update=words,
        reason=st.sampled_from(["", "other"]),
        ruling=maybe,
    ),
    f.WorkerDenied: st.builds(f.WorkerDenied, **told, ruling=maybe),
    f.ResidentConfirmed: st.builds(f.ResidentConfirmed, **told, household=households, ruling=maybe),
    f.ResidentHalfConfirmed: st.builds(
        f.ResidentHalfConfirmed, **told, household=households, text=words, ruling=maybe
    ),
    f.ResidentDisputed: st.builds(f.ResidentDisputed, **told, household=households, text=words, ruling=maybe),
    f.Assigned: st.builds(f.Assigned, **told, matter=words, assignment=maybe, private=st.booleans()),
    f.Raised: st.builds(f.Raised, **told, assignment=maybe),
    f.HandedOver: st.builds(f.HandedOver, **told, to=people, to_name=words),
    f.GivenBack: st.builds(f.GivenBack, **told, reason=words),
    f.Inspected: st.builds(f.Inspected, **told, attachments=attachments, text=words),
    f.LightTurned: st.builds(f.LightTurned, **told, clock=st.integers(-1, 3), light=st.sampled_from(Light)),
    f.Renewed: st.builds(f.Renewed, **told, assignment=maybe, private=st.booleans()),
    f.SatisfactionGiven: st.builds(f.SatisfactionGiven, **told, score=st.integers(1, 5)),
    f.Posted: st.builds(f.Posted, **told, what=posts, post=words, face=words),
    f.Confided: st.builds(f.Confided, **told, chat=people),
    f.Unreached: st.builds(f.Unreached, **told, to=people),
    f.Whispered: st.builds(f.Whispered, **told, what=posts, to=people, post=words),
    f.TimeRanOut: st.builds(f.TimeRanOut, **told, timer=timers, ruling=maybe),
}


class Told:
    """A case after a random telling; what was illegal has left no mark."""

    def __init__(self, first: Fact) -> None:
        self.case, orders = advance(None, first)
        self.trace = [first]
        self.orders = list(orders)
        self.stages = [self.case.stage]

    def hear(self, happened: Fact) -> None:
        """One more fact, legal or not."""
        if isinstance(happened, f.TimeRanOut) and happened.timer == RUNNING:
            happened = replace(happened, timer=self.case.timer)
        before = dump(self.case)
        try:
            self.case, orders = advance(self.case, happened)
        except IllegalMove:
            assert dump(self.case) == before
            return
        self.trace.append(happened)
        self.orders += orders
        self.stages.append(self.case.stage)


@st.composite
def tellings(draw: st.DrawFn) -> Told:
    """Mostly facts that lead onward, some that only teach, some that are illegal, so that cases grow old."""
    told = Told(draw(reports))
    for aim in draw(st.lists(st.sampled_from(["onward", "onward", "legal", "any"]), max_size=30)):
        rows = [row for row in TABLE if row.stage is told.case.stage]
        onward = [row.fact for row in rows if row.to is not row.stage and row.to not in DROPPED]
        legal = [row.fact for row in rows]
        wanted = {"onward": onward or legal, "legal": legal, "any": list(KINDS)}[aim]
        told.hear(draw(KINDS[draw(st.sampled_from(wanted))]))
    return told


def test_every_kind_of_fact_is_told() -> None:
    assert {kind.__name__ for kind in KINDS} == {kind.__name__ for kind in Fact.__subclasses__()}


@settings(CALM, max_examples=100)
@given(tellings())
def test_the_trace_rebuilds_the_case(told: Told) -> None:
    assert rebuild(told.trace) == told.case
    assert told.case.version == len(told.trace)


@settings(CALM, max_examples=60)
@given(tellings())
def test_order_keys_are_unique_over_the_life_of_a_case(told: Told) -> None:
    keys = [order.key for order in told.orders]
    assert len(keys) == len(set(keys))
    assert {order.case for order in told.orders} <= {CASE}


@settings(CALM, max_examples=60)
@given(tellings())
def test_facts_orders_and_cases_survive_being_stored(told: Told) -> None:
    assert [load(dump(each, Fact).encode(), Fact) for each in told.trace] == told.trace
    assert [load(dump(each, Order).encode(), Order) for each in told.orders] == told.orders
    assert load(dump(told.case).encode(), Case) == told.case


@settings(CALM, max_examples=200)
@given(tellings())
def test_whatever_happens_the_rules_hold(told: Told) -> None:
    case = told.case
    if case.stage in (Stage.CLOSED, Stage.SOLVED_IN_GRID):
        assert any(isinstance(each, f.ResidentConfirmed) for each in told.trace)
        assert any(isinstance(each, f.WorkerConfirmed | f.SolvedOnSite) for each in told.trace)
    if case.stage in (*AT_DISPATCH, Stage.WORK_DONE, Stage.WORKER_KEY, Stage.CLOSED):
        assert case.ticket is not None
    if case.stage is Stage.FILING:
        assert case.ticket is None
    assert case.stage is not Stage.UNSURE or case.doubtful
    assert not case.doubtful or case.stage in (Stage.UNSURE, *DROPPED)
    assert len(case.places) <= MOST_PLACES
    assert len(case.meanings) <= 3
    disputes = [each for each in told.trace if isinstance(each, f.ResidentDisputed | f.WorkerDenied)]
    disputes += [each for each in told.trace if isinstance(each, f.SentBack) and each.disputed]
    halves = [each for each in told.trace if isinstance(each, f.ResidentHalfConfirmed)]
    if case.keys.rule is Rule.FIRST:
        assert (case.disputes, case.halves) == (len(disputes), len(halves))
    assert case.disputes <= len(disputes)
    assert case.halves <= len(halves)
    assert len(dict(case.answers)) == len(case.answers)
    after = zip(told.stages, told.trace[1:], strict=False)
    returned = [
        each for stage, each in after if stage is not Stage.RETURNED and isinstance(each, f.TicketReturned)
    ]
    assert case.bounces == tuple(each.reason for each in returned if each.reason)
    assert case.reopened == sum(isinstance(each, f.CameBack) for each in told.trace)
    assert case.reminders <= 1
    assert len(dict(case.posts)) == len(case.posts)
    assert len(dict(case.scores)) == len(case.scores)
    assert len(set(case.followers)) == len(case.followers)
    assert case.reporter not in case.followers


@settings(CALM, max_examples=60)
@given(tellings())
def test_nothing_is_told_to_a_dispatch_that_has_no_ticket(told: Told) -> None:
    has_ticket = f.TicketFiled | f.JoinedTicket
    filed = next((n for n, each in enumerate(told.trace, 1) if isinstance(each, has_ticket)), None)
    for order in told.orders:
        if isinstance(order, o.TellDispatch):
            assert filed is not None
            assert int(order.key.rsplit(":", 2)[1]) >= filed


@settings(CALM, max_examples=60)
@given(tellings())
def test_a_settled_case_moves_only_when_somebody_speaks(told: Told) -> None:
    for before, after, happened in zip(told.stages, told.stages[1:], told.trace[1:], strict=False):
        if before in SETTLED and after is not before:
            assert isinstance(happened, f.ResidentAnswered | f.CameBack)


@settings(CALM, max_examples=150)
@given(tellings())
def test_whatever_happens_somebodys_clock_runs_and_no_light_goes_back(told: Told) -> None:
    case: Case | None = None
    for happened in told.trace:
        before, (case, _) = case, advance(case, happened)
        running = [clock.node for clock in case.clocks if clock.runs]
        if case.stage in (Stage.OPEN, Stage.ACCEPTED, Stage.IN_PROGRESS):
            assert running in ([Node.ACCEPT], [Node.WORK])
        assert len(set(running)) == len(running)
        assert case.live or not running
        of_a_unit = [(one.node, one.round) for one in case.clocks if one.node in (Node.ACCEPT, Node.WORK)]
        assert len(set(of_a_unit)) == len(of_a_unit)
        for old, new in zip(before.clocks if before else (), case.clocks, strict=False):
            assert (old.node, old.since, old.round) == (new.node, new.since, new.round)
            assert old.light.rank <= new.light.rank


@settings(CALM, max_examples=100)
@given(tellings())
def test_every_clock_that_runs_is_watched_for_its_next_light(told: Told) -> None:
    watched = [(order.clock, order.light) for order in told.orders if isinstance(order, o.WatchClock)]
    for number, clock in enumerate(told.case.clocks):
        if clock.runs and clock.light is not Light.RED:
            after = Light.YELLOW if clock.light is Light.GREEN else Light.RED
            assert (number, after) in watched
