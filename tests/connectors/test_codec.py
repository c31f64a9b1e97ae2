"""Records to JSON and back."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions import facts as f
from actions import orders as o
from actions.case import Case
from actions.facts import Fact
from actions.ledger import DeadLetter, Due, Entry
from actions.message import Kind, Role
from actions.nodes import Light, Node
from actions.orders import Order
from actions.reading import Intent
from actions.talk import Line, Talk
from connectors.codec import dump, load
from tests.actions.stories import ASKED_RESIDENTS, CASE, FACTS, GROUP, START, Story

ORDERS: tuple[Order, ...] = (
    o.ShowCard(key="k", case=CASE),
    o.ShowCard(key="k", case=CASE, asked_at=START),
    o.ShowList(key="k", group=GROUP, cases=(CASE,)),
    o.AskWorker(key="k", case=CASE),
    o.AskIfFixed(key="k", case=CASE),
    o.AskSatisfaction(key="k", case=CASE),
    o.Say(key="k", case=CASE, sentence=o.Sentence.DISPUTED, note="还是不亮"),
    o.Warn(key="k", group=GROUP, message="m1", kind="fire"),
    o.Reply(key="k", group=GROUP, reply_to=None, what="help", args=(("number", "1"),)),
    o.AnswerPress(key="k", group=GROUP, press="q1", what="workers_only"),
    o.CloseQuestion(key="k", case=CASE, post="p3", answer="yes", by_name="李叔"),
    o.ShowQuestion(key="k", case=CASE),
    o.FileTicket(key="k", case=CASE),
    o.TellDispatch(key="k", case=CASE, news=o.News.DETAIL, text="按钮不亮"),
    o.WakeAt(key="k", case=CASE, wait=o.Wait.WHERE, timer="1:where"),
    o.WatchClock(key="k", case=CASE, clock=1, light=Light.RED),
    o.Alert(key="k", case=CASE, node=Node.WORK, light=Light.RED, to="memory:worker"),
    o.CallWorker(key="k", case=CASE, to="memory:worker"),
    o.ShowMenu(key="k", case=CASE, step="mc", argument="1", choices=("traffic.bus",)),
    o.CloseMenu(key="k", case=CASE),
    o.TurnPage(key="k", group=GROUP, post="p9", what="cases", by="memory:aunt", page=2),
    o.Invite(key="k", case=CASE),
    o.ShowDigest(key="k", group=GROUP, day=START.date()),
    o.CallDigests(key="k", group=GROUP, day=START.date()),
    o.SendDigest(key="k", to="memory:aunt", day=START.date(), groups=(GROUP,)),
    o.Forget(key="k", group=GROUP, person="memory:aunt", everywhere=True, post="p9"),
    o.Whisper(key="k", case=CASE, to="memory:aunt", what="returned", args=(("note", "不归我们管"),)),
)
LINE = Line("m1", "memory:aunt", Role.RESIDENT, START, Kind.TEXT, "3号楼", Intent.REPORT, CASE, "a1")


@pytest.mark.parametrize("fact", FACTS.values(), ids=lambda fact: type(fact).__name__)
def test_every_fact_comes_back_and_carries_its_name(fact: Fact) -> None:
    text = dump(fact, Fact)
    assert load(text, Fact) == fact
    assert json.loads(text)["is"] == type(fact).__name__


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_every_order_comes_back_and_carries_its_name(order: Order) -> None:
    text = dump(order, Order)
    assert load(text, Order) == order
    assert json.loads(text)["is"] == type(order).__name__


def test_every_kind_of_order_is_among_the_samples() -> None:
    assert {type(order).__name__ for order in ORDERS} == {k.__name__ for k in Order.__subclasses__()}


@pytest.mark.parametrize(
    "record",
    [
        Story(*ASKED_RESIDENTS, f.Detailed, f.ResidentConfirmed, f.SatisfactionGiven).now,
        Talk(group=GROUP, title="七号网格", version=3, last_number=2, recent=(LINE,), warned=("m1",)),
        Entry("1-0", 17, GROUP, "memory", "u1", '{"text": "\\"急\\""}', START),
        Due(ORDERS[5], GROUP, START, 2, START + timedelta(microseconds=1)),
        DeadLetter("d1", GROUP, "memory", "no use", START, "{}"),
    ],
    ids=lambda record: type(record).__name__,
)
def test_every_record_that_is_kept_comes_back(record: object) -> None:
    assert load(dump(record), type(record)) == record


def test_what_was_kept_before_corrections_were_known_still_loads() -> None:
    reworded = '{"is": "Reworded", "at": "2026-03-02T07:42:00+00:00", "message": "m1", "text": "又坏了"}'
    assert load(reworded, Fact) == f.Reworded(
        at=START + timedelta(minutes=1), message="m1", text="又坏了", category="", place="", urgency=None
    )
    report = json.loads(dump(FACTS[f.Reported], Fact))
    assert "categories" not in report
    case = json.loads(dump(Story(*ASKED_RESIDENTS).now))
    assert not {"categories", "corrected", "withdrawn_by"} & case.keys()
    assert load(json.dumps(case), Case) == Story(*ASKED_RESIDENTS).now


def test_an_order_within_a_due_keeps_its_kind() -> None:
    for order in ORDERS:
        assert load(dump(Due(order, GROUP, START)), Due).order == order


def test_chinese_is_stored_as_it_is_written() -> None:
    assert "3号楼电梯坏了" in dump(FACTS[f.Reported], Fact)


def test_a_record_is_one_line() -> None:
    assert "\n" not in dump(replace(FACTS[f.Reworded], text="一\n二\r\u2028"), Fact)  # type: ignore[call-arg]


@given(st.text(st.characters(), max_size=30))
def test_any_text_comes_back_and_can_be_sent_as_utf_8(text: str) -> None:
    entry = Entry("1-0", 1, GROUP, "memory", "u1", text, START)
    assert load(dump(entry).encode(), Entry) == entry


@given(st.text(st.characters(categories=["Cs", "Lo"]), max_size=5))
def test_half_a_surrogate_pair_comes_back(text: str) -> None:
    entry = Entry("1-0", 1, GROUP, "memory", "u1", text + "\ud83c", START)
    assert load(dump(entry).encode(), Entry) == entry


def test_what_an_older_program_wrote_takes_the_defaults() -> None:
    old = json.dumps({"is": "TicketAccepted", "at": START.isoformat()})
    assert load(old, Fact) == f.TicketAccepted(at=START)


def test_what_a_newer_program_added_is_passed_over() -> None:
    new = json.loads(dump(FACTS[f.TicketFiled], Fact)) | {"colour": "red"}
    assert load(json.dumps(new), Fact) == FACTS[f.TicketFiled]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "null",
        "{}",
        '{"is": "Exploded", "at": "2026-03-02T07:41:00+00:00"}',
        '{"is": "TicketFiled"}',
        '{"is": "TicketFiled", "at": "yesterday", "ticket": "T-1"}',
        '{"is": "ShowCard"}',
        "[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_anything_else_is_refused_with_one_kind_of_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match="this is no Fact"):
        load(text, Fact)


@given(st.text() | st.binary())
def test_noise_is_never_a_case(noise: str | bytes) -> None:
    with pytest.raises(ValueError, match="this is no Case"):
        load(noise, Case)
